/**
 * React Email's preview server on the templates, for who writes one: it shows them as they are saved, and checks them
 * against what mail programs know. With its Next.js it is 466 MB, so it is no package of the project: it lives in a
 * folder of its own, installed by who wants it. It listens on loopback alone.
 */
import { existsSync } from 'node:fs';
import { projectNode, root, run, Stop, script } from './lib/common.mjs';

const help = `Usage: npm run emails:dev [-- --port N]

Shows the e-mail templates in a browser, and again whenever one is saved.

  --port N   default 3000
  --help     this text`;

/** npm leaves folders with a dot alone; `npm ci` removes them, as it does all packages. */
const folder = `${root}/node_modules/.cache/emails-dev`;
/** The server and its command must be of one version. */
const packages = ['react-email@6.11.6', '@react-email/ui@6.11.6', 'react@19.3.1', 'react-dom@19.3.1'];
const command = `${folder}/node_modules/react-email/dist/cli/index.mjs`;

async function emailsDev(args) {
  if (args.includes('--help')) return console.log(help);
  const port = args[0] === '--port' ? Number(args[1]) : 3000;
  if (args.length > 2 || !Number.isInteger(port) || port < 1 || port > 65_535) throw new Stop(help);
  if (!existsSync(`${folder}/node_modules/@react-email/ui`) || !existsSync(command)) {
    throw new Stop(
      `emails:dev: install React Email's preview server first (466 MB): npm install --prefix node_modules/.cache/emails-dev ${packages.join(' ')}`,
    );
  }
  const loopback = ['--import', new URL('./lib/loopback.mjs', import.meta.url).href];
  const flags = ['dev', '--dir', '../../../emails/templates', '--port', String(port)];
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
  const { code } = await run(projectNode(), [...loopback, command, ...flags], { show: true, cwd: folder, env });
  return code;
}

await script(emailsDev);

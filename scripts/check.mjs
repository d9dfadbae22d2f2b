/**
 * Everything that must hold before a commit, one line a check; what a failed one says is shown. All are run, so that
 * one look tells everything.
 */
import { buildReady, readyBuild } from './lib/build.mjs';
import { firstLines, projectNode, root, run, Stop, say, script } from './lib/common.mjs';
import { layerFaults } from './lib/layers.mjs';
import { once } from './lib/once.mjs';

const help = `Usage: npm run check [-- --fast]

Lock file, lint and format (Biome), types, JSON Schema files, layers, build, tests.

  --fast   all but the tests
  --help   this text`;

const flags = ['--fast', '--help'];

/** Lines of a failed check that are shown; the rest is one command away. */
const linesShownMax = 60;

const node = (...args) => run(projectNode(), args);

async function layers() {
  const faults = layerFaults();
  return { code: faults.length === 0 ? 0 : 1, output: faults.join('\n') };
}

async function build() {
  if (!buildReady()) await once(readyBuild);
  return { code: 0, output: '' };
}

/** Name and work of each check, in an order that tells the cheap ones first. */
const checks = [
  ['lock file', () => node('scripts/complete-lock.mjs', '--check')],
  ['layers', layers],
  ['lint and format', () => node('node_modules/@biomejs/biome/bin/biome', 'check', '--diagnostic-level=error', '.')],
  ['types', () => node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.check.json')],
  ['JSON Schema files', () => node('--disable-warning=ExperimentalWarning', 'scripts/lib/schema-files.mjs')],
  ['build', build],
];
const testsCheck = ['tests', () => run(projectNode(), [`${root}/scripts/test.mjs`], { show: true })];

async function check(args) {
  const unknown = args.find((each) => !flags.includes(each));
  if (unknown !== undefined) throw new Stop(`check: unknown flag ${unknown}: accepted are ${flags.join(', ')}`);
  if (args.includes('--help')) return console.log(help);
  const failed = [];
  for (const [name, work] of args.includes('--fast') ? checks : [...checks, testsCheck]) {
    const startMs = Date.now();
    const { code, output } = await work().catch((error) => {
      if (!(error instanceof Stop)) throw error;
      return { code: 1, output: error.message };
    });
    if (code !== 0) {
      failed.push(name);
      if (output) say(firstLines(output, linesShownMax));
    }
    say(`check: ${name} ${code === 0 ? 'ok' : 'FAILED'} (${((Date.now() - startMs) / 1_000).toFixed(1)} s)`);
  }
  if (failed.length > 0) throw new Stop(`check: failed: ${failed.join(', ')}`);
  say('check: everything holds');
}

await script(check);

/**
 * The npm packages, the project's own Node 24 and the command's link, all in node_modules. Owns when they are
 * installed; what is installed is package-lock.json's. Installed means: npm's own record of node_modules agrees with
 * the lock file, so that a person's `npm install` is not done again.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { findProgram, firstLines, lastLines, machinePath, root, run, Stop, say } from './common.mjs';

const modules = `${root}/node_modules`;
const stampFile = `${modules}/.flowly-setup`;
const nodeFolder = `${modules}/node`;

/** Links in node_modules/.bin that npm does not always make: a package's own command, a Node that came late. */
const links = { 'flowly-credits': '../../bin/flowly-credits.js', node: '../node/bin/node' };

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw new Stop(`setup: ${path} is not readable JSON (${error.message}): restore it, for example with git checkout`);
  }
}

/** What node_modules follows from, as one hash: the lock file and what package.json asks for. */
function wanted() {
  const { dependencies, devDependencies, optionalDependencies, overrides } = readJson(`${root}/package.json`) ?? {};
  return createHash('sha256')
    .update(readFileSync(`${root}/package-lock.json`))
    .update(
      JSON.stringify([dependencies, devDependencies, optionalDependencies, overrides, process.platform, process.arch]),
    )
    .digest('hex');
}

/** Whether npm's record of node_modules has every package of the lock file, but for those of other platforms. */
function npmAgrees() {
  const installed = readJson(`${modules}/.package-lock.json`)?.packages;
  const lock = readJson(`${root}/package-lock.json`)?.packages;
  const project = readJson(`${root}/package.json`);
  if (!installed || !lock) return false;
  const same = (field) => JSON.stringify(lock['']?.[field] ?? {}) === JSON.stringify(project[field] ?? {});
  if (!same('dependencies') || !same('devDependencies')) return false;
  return Object.entries(lock).every(
    ([path, entry]) =>
      path === '' || installed[path]?.version === entry.version || (entry.optional && !installed[path]),
  );
}

/** The version of the project's own Node if it runs, else undefined. */
function ownNodeVersion() {
  const { status, stdout } = spawnSync(`${nodeFolder}/bin/node`, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function isLinked([name, target]) {
  try {
    return readlinkSync(`${modules}/.bin/${name}`) === target;
  } catch {
    return false;
  }
}

/** Whether there is nothing to do here. Takes a few milliseconds. */
export function packagesReady() {
  if (!existsSync(`${nodeFolder}/bin/node`) || !existsSync(`${modules}/.package-lock.json`)) return false;
  if (!Object.entries(links).every(isLinked)) return false;
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted();
}

/** `npm` as the machine has it, never run by the Node inside the folder that it is about to replace. */
function npm(args, cwd = root) {
  if (!findProgram('npm'))
    throw new Stop('setup: npm is not on the PATH: install Node.js with npm, then run this again');
  return run('npm', args, { cwd, env: { ...process.env, PATH: machinePath() } });
}

async function installPackages() {
  say('setup: installing packages (npm ci), this can take a minute');
  rmSync(stampFile, { force: true });
  // dev: they hold the compiler and Node 24, also where NODE_ENV is production. Engine: an old Node may set up.
  const args = ['ci', '--include=dev', '--no-engine-strict', '--no-audit', '--no-fund'];
  const { code, output } = await npm(args);
  if (code === 0) return;
  const lines = output.split('\n').filter((line) => !line.startsWith('npm warn'));
  say(firstLines(lines.join('\n')));
  throw new Stop(
    output.includes('in sync')
      ? 'setup: package-lock.json does not fit package.json: run npm install, then node scripts/complete-lock.mjs'
      : `setup: npm ci failed with exit code ${code}: see above, mend it and run npm run setup again`,
  );
}

/**
 * Node 24 is the `node` package, whose install script fetches the binary's package. npm leaves the script out where
 * it was told to (ignore-scripts, or no approval), so it is run here.
 */
async function installNode() {
  const { version } = readJson(`${nodeFolder}/package.json`) ?? {};
  if (version === undefined || ownNodeVersion() === `v${version}`) return;
  say(`setup: installing Node ${version} into node_modules`);
  const env = { ...process.env, PATH: machinePath() };
  const { code, output } = await run(process.execPath, ['installArchSpecificPackage.js'], { cwd: nodeFolder, env });
  if (ownNodeVersion() === `v${version}`) return;
  say(lastLines(output));
  throw new Stop(`setup: Node ${version} did not install (exit code ${code}): see above, or install Node 24 yourself`);
}

function link([name, target]) {
  const path = `${modules}/.bin/${name}`;
  mkdirSync(`${modules}/.bin`, { recursive: true });
  if (lstatSync(path, { throwIfNoEntry: false })) rmSync(path);
  symlinkSync(target, path);
}

/** Brings node_modules to what the lock file says. */
export async function readyPackages() {
  if (!existsSync(`${root}/package-lock.json`)) {
    throw new Stop('setup: package-lock.json is missing: restore it with git checkout package-lock.json');
  }
  if (!npmAgrees()) await installPackages();
  await installNode();
  for (const each of Object.entries(links)) if (!isLinked(each)) link(each);
  writeFileSync(stampFile, wanted());
}

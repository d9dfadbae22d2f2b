/**
 * dist/: what `tsc` makes of the sources, and the files it does not know (Lua, SQL, JSON) at the same relative path.
 * Built beside dist/ and swapped in whole, so that a running command never meets half a build, and files of deleted
 * sources are gone. The stamp inside dist/ is a hash of every source, so an equal one means nothing to do.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname } from 'node:path';
import { firstLines, projectNode, root, run, Stop, say } from './common.mjs';

/** The folders of the program; what each may import is in layers.mjs. */
export const sourceFolders = [
  'core',
  'schema',
  'ledger',
  'client',
  'emails',
  'workers',
  'jobs',
  'runtime',
  'cli',
  'bench',
];

const dist = `${root}/dist`;
const stampFile = `${dist}/.sources`;
const copied = new Set(['.lua', '.sql', '.json']);
const compiled = new Set(['.ts', '.tsx']);

/** Every file below a folder of the project, as sorted paths relative to the project. */
export function filesBelow(folder) {
  if (!existsSync(`${root}/${folder}`)) return [];
  const entries = readdirSync(`${root}/${folder}`, { withFileTypes: true });
  return entries
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]))
    .sort();
}

function sources() {
  const kinds = new Set([...copied, ...compiled]);
  const files = sourceFolders.flatMap(filesBelow).filter((path) => kinds.has(extname(path)));
  return existsSync(`${root}/index.ts`) ? [...files, 'index.ts'] : files;
}

function sourcesHash() {
  const hash = createHash('sha256');
  for (const path of [...sources(), 'tsconfig.json', 'package.json', 'package-lock.json']) {
    const content = readFileSync(`${root}/${path}`);
    hash.update(`${path}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** Whether dist/ is what the sources make. */
export function buildReady() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === sourcesHash();
}

/** Builds dist/ anew; throws a `Stop` after showing the compiler's words. */
export async function readyBuild() {
  say('setup: building');
  const hash = sourcesHash();
  for (const name of readdirSync(root)) {
    if (name.startsWith('dist.new-') || name.startsWith('dist.old-')) rmSync(`${root}/${name}`, { recursive: true });
  }
  const fresh = `${root}/dist.new-${process.pid}`;
  mkdirSync(fresh);
  try {
    const compiler = `${root}/node_modules/typescript/bin/tsc`;
    const { code, output } = await run(projectNode(), [compiler, '-p', 'tsconfig.json', '--outDir', fresh]);
    if (code !== 0) {
      say(firstLines(output));
      throw new Stop('setup: the build failed: mend what the compiler says above');
    }
    for (const path of sources().filter((each) => copied.has(extname(each)))) {
      mkdirSync(dirname(`${fresh}/${path}`), { recursive: true });
      copyFileSync(`${root}/${path}`, `${fresh}/${path}`);
    }
    writeFileSync(`${fresh}/.sources`, hash);
    const old = `${root}/dist.old-${process.pid}`;
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
    rmSync(old, { recursive: true, force: true });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * Completes package-lock.json with the optional packages of other platforms (the compiled parts of biome, swc, chdb).
 * npm leaves out of a new lock file what the registry in use does not serve, and `npm ci` then refuses the lock.
 * Run it after `npm install` has changed the lock. It only adds entries.
 *
 *   node scripts/complete-lock.mjs [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { root, Stop, say, script } from './lib/common.mjs';

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/** The lock entry of a platform's package, from the platform in its name; undefined when it names none. */
function platformEntry(name, version, isDev) {
  const words = name.split(/[/-]/);
  const os = words.filter((word) => systems.includes(word));
  const cpu = words.filter((word) => processors.includes(word));
  if (!/^\d/.test(version) || os.length === 0 || cpu.length === 0) return undefined;
  const isMusl = words.some((word) => word.startsWith('musl'));
  const isGlibc = words.some((word) => word.startsWith('gnu'));
  const libc = isMusl ? { libc: ['musl'] } : isGlibc ? { libc: ['glibc'] } : {};
  return { version, cpu, ...(isDev ? { dev: true } : {}), ...libc, optional: true, os };
}

/** The entries that a lock file lacks, by path. */
function missingEntries(lock) {
  const missing = new Map();
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (lock.packages[`${path}/node_modules/${name}`] || lock.packages[`node_modules/${name}`]) continue;
      const added = platformEntry(name, version, entry.dev);
      if (added) missing.set(`node_modules/${name}`, added);
    }
  }
  return missing;
}

function completeLock(args) {
  const path = `${root}/package-lock.json`;
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  const missing = missingEntries(lock);
  if (missing.size === 0) return;
  if (args.includes('--check')) {
    const [first] = missing.keys();
    throw new Stop(
      `package-lock.json lacks ${missing.size} packages of other platforms (${first}): run node scripts/complete-lock.mjs`,
    );
  }
  const [project, ...others] = [...Object.entries(lock.packages), ...missing];
  others.sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries([project, ...others]);
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  say(`package-lock.json: added ${missing.size} packages of other platforms`);
}

await script(completeLock);

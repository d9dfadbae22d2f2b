/**
 * The Redis that the program runs by itself: finds the machine's `redis-server` or `valkey-server`, and installs one
 * where the system's package manager can do so unasked. Never starts or stops a server.
 */
import { spawnSync } from 'node:child_process';
import { findProgram, lastLines, root, run, Stop, say } from './common.mjs';

/** The oldest that has every command the ledger uses. */
const versionMin = [6, 2];

/** The version of a server program as [major, minor], or undefined when it does not run. */
function versionOf(program) {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const match = status === 0 ? /v=(\d+)\.(\d+)/.exec(stdout) : null;
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

function isNewEnough([major, minor]) {
  return major > versionMin[0] || (major === versionMin[0] && minor >= versionMin[1]);
}

/** Whether there is nothing to do: another Redis is named, or a fitting one is on the PATH. */
export function redisReady() {
  if (process.env.REDIS_URL) return true;
  return ['redis-server', 'valkey-server'].some((name) => {
    const program = findProgram(name);
    const version = program && versionOf(program);
    return version !== undefined && isNewEnough(version);
  });
}

/** The ways to install one, by the program that must be there; the first that is there is used. */
const managers = {
  'apt-get': {
    asRoot: true,
    command: ['sh', `${root}/scripts/lib/apt-redis.sh`],
    hint: 'apt-get install redis-server',
  },
  brew: { asRoot: false, command: ['brew', 'install', 'redis'], hint: 'brew install redis' },
  dnf: {
    asRoot: true,
    command: ['sh', '-c', 'dnf install -y valkey || dnf install -y redis'],
    hint: 'dnf install valkey',
  },
};

/** How to become root without being asked for a password: [] for root itself, undefined when there is no way. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  return findProgram('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : undefined;
}

/** Installs a Redis; throws a `Stop` that says what to do where that is not possible. */
export async function readyRedis() {
  const elsewhere = 'or set REDIS_URL to one that runs';
  const name = Object.keys(managers).find(findProgram);
  if (name === undefined) {
    throw new Stop(
      `setup: Redis or Valkey ${versionMin.join('.')} or newer is needed: install redis-server, ${elsewhere}`,
    );
  }
  const { asRoot, command, hint } = managers[name];
  const prefix = asRoot ? rootPrefix() : [];
  if (prefix === undefined) {
    throw new Stop(`setup: Redis ${versionMin.join('.')} or newer is needed: run sudo ${hint}, ${elsewhere}`);
  }
  say(`setup: installing Redis (${hint})`);
  const [program, ...args] = [...prefix, ...command];
  const { code, output } = await run(program, args);
  if (redisReady()) return;
  say(lastLines(output));
  const why = code === 0 ? `left no ${versionMin.join('.')} or newer on the PATH` : `failed with exit code ${code}`;
  throw new Stop(`setup: ${hint} ${why}: see above, install redis-server yourself, ${elsewhere}`);
}

/**
 * Brings a clone to where every command works: packages, Node 24, a Redis, the build. Does only what is missing, in
 * well under a second when nothing is, and without the network then. Safe to run twice at once.
 */
import { buildReady, readyBuild } from './lib/build.mjs';
import { Stop, say, script } from './lib/common.mjs';
import { once } from './lib/once.mjs';
import { packagesReady, readyPackages } from './lib/packages.mjs';
import { readyRedis, redisReady } from './lib/redis.mjs';

const help = `Usage: npm run setup [-- --no-build] [-- --no-redis]

Installs the packages when they are missing or package-lock.json has changed, with the Node that runs the program;
finds redis-server or valkey-server 6.2+ or installs one (not when REDIS_URL is set); builds dist/ when a source has
changed. Each of these once: a second run does nothing.

  --no-build   leaves dist/ as it is
  --no-redis   neither looks for a Redis nor installs one
  --help       this text`;

const flags = ['--no-build', '--no-redis', '--help'];

/** Every step: whether it is done, how to do it. Later ones need the earlier ones. */
function stepsFor(args) {
  return [
    [packagesReady, readyPackages],
    ...(args.includes('--no-redis') ? [] : [[redisReady, readyRedis]]),
    ...(args.includes('--no-build') ? [] : [[buildReady, readyBuild]]),
  ];
}

async function setup(args) {
  const unknown = args.find((each) => !flags.includes(each));
  if (unknown !== undefined) throw new Stop(`setup: unknown flag ${unknown}: accepted are ${flags.join(', ')}`);
  if (args.includes('--help')) return console.log(help);
  if (Number(process.versions.node.split('.')[0]) < 18) {
    throw new Stop(`setup: Node ${process.versions.node} is too old to set up with: install Node 18 or newer`);
  }
  const steps = stepsFor(args);
  if (steps.every(([isDone]) => isDone())) return;
  await once(async () => {
    for (const [isDone, work] of steps) if (!isDone()) await work();
  });
  say('setup: ready');
}

await script(setup);

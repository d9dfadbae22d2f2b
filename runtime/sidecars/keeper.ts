/**
 * The keeper: the one process that owns the engines of a data directory. Run as a child: `node keeper DATA_DIR [LINGER_MS]`.
 * It holds the directory's lock, listens on its socket, runs what connected clients want, and stops everything once no
 * client has been connected for LINGER_MS. It leaves the engines' own work to `redis-engine.ts` and `clickhouse-engine.ts`.
 */
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { startClickhouse } from './clickhouse-engine.ts';
import { loadCredentials } from './credentials.ts';
import { type KeptEngine, keepEngine } from './engine.ts';
import { tryKeeperLock } from './keeper-lock.ts';
import { LINGER_MS, PREDECESSOR_TIMEOUT_MS } from './limits.ts';
import { isListening } from './listening.ts';
import { sidecarPaths } from './paths.ts';
import { type ClientMessage, type EngineName, type KeeperMessage, readLines, sendLine } from './protocol.ts';
import { startRedis } from './redis-engine.ts';
import { waitUntil } from './wait.ts';

const paths = sidecarPaths(process.argv[2] ?? '');
const lingerMs = Number(process.argv[3] ?? LINGER_MS);
/** What each client wants; undefined until it has said so. */
const clients = new Map<Socket, readonly EngineName[] | undefined>();
const engines: { redis: KeptEngine<KeeperMessageOf<'redis'>>; clickhouse: KeptEngine<KeeperMessageOf<'clickhouse'>> } =
  {
    redis: keepEngine(() => startRedis(paths, loadCredentials(paths.credentials).redisPassword), listenerOf('redis')),
    clickhouse: keepEngine(() => startClickhouse(paths), listenerOf('clickhouse')),
  };
type Ready = Extract<KeeperMessage, { type: 'ready' }>;
type KeeperMessageOf<K extends EngineName> = NonNullable<Ready[K]>;

process.title = 'flowly-keeper';
let lingering: NodeJS.Timeout | undefined;
let stopping = false;

/** Lines of the keeper's own log: when, what. Never a secret. */
function log(text: string): void {
  process.stderr.write(`${new Date().toISOString()} [${process.pid}] ${text}\n`);
}

function listenerOf(engine: EngineName) {
  return {
    running() {
      log(`${engine} runs`);
      for (const client of clients.keys()) tellReady(client);
    },
    trouble(message: string, final: boolean) {
      log(`${engine}: ${message}`);
      for (const [client, wanted] of clients) {
        if (wanted?.includes(engine)) sendLine(client, { type: 'trouble', engine, message, final });
      }
    },
  };
}

/** Sends the coordinates once everything this client wants runs. */
function tellReady(client: Socket): void {
  const wanted = clients.get(client);
  if (wanted === undefined) return;
  const redis = wanted.includes('redis') ? engines.redis.current() : undefined;
  const clickhouse = wanted.includes('clickhouse') ? engines.clickhouse.current() : undefined;
  if (wanted.includes('redis') && !redis) return;
  if (wanted.includes('clickhouse') && !clickhouse) return;
  sendLine(client, {
    type: 'ready',
    keeperPid: process.pid,
    pids: { ...(redis && { redis: redis.pid }), ...(clickhouse && { clickhouse: clickhouse.pid }) },
    ...(redis && { redis: redis.coordinates }),
    ...(clickhouse && { clickhouse: clickhouse.coordinates }),
  });
}

function welcome(client: Socket): void {
  clients.set(client, undefined);
  clearTimeout(lingering);
  readLines<ClientMessage>(client, (message) => {
    const wanted = message.engines.filter((name) => name === 'redis' || name === 'clickhouse');
    clients.set(client, wanted);
    for (const name of wanted) engines[name].want();
    tellReady(client);
  });
  client.on('error', (error) => log(`client: ${error.message}`));
  client.on('close', () => {
    clients.delete(client);
    lingerWhenAlone();
  });
}

function lingerWhenAlone(): void {
  clearTimeout(lingering);
  if (clients.size === 0 && !stopping) lingering = setTimeout(() => void stop('nobody is connected'), lingerMs);
}

/** Stops listening first, so that a command that comes now starts a new keeper, which waits for this one's lock. */
async function stop(why: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  clearTimeout(lingering);
  log(`stopping: ${why}`);
  server.close();
  for (const client of clients.keys()) client.destroy();
  const results = await Promise.allSettled([engines.redis.stop(), engines.clickhouse.stop()]);
  for (const result of results) if (result.status === 'rejected') log(`stop: ${String(result.reason)}`);
  log('stopped');
  lock?.release();
  process.exit(0);
}

// Several keepers may be started at one instant: one gets the lock, the others leave as soon as it listens.
let lock: { release(): void } | undefined;
let other = false;
await waitUntil(async () => {
  lock = tryKeeperLock(paths.keeperLock);
  other = lock === undefined && (await isListening(paths.keeperSocket));
  return lock !== undefined || other;
}, PREDECESSOR_TIMEOUT_MS);
if (other) process.exit(0);
if (!lock) {
  log('gave up: another keeper holds the directory and does not listen');
  process.exit(1);
}
loadCredentials(paths.credentials); // made here, under the lock, before two engines look for them at once
rmSync(paths.keeperSocket, { force: true }); // a keeper that was killed left it; we hold the lock, so it is nobody's
const server = createServer(welcome);
server.listen(paths.keeperSocket, () => {
  log('listening');
  lingerWhenAlone();
});
process.on('SIGTERM', () => void stop('SIGTERM'));
process.on('SIGINT', () => void stop('SIGINT'));

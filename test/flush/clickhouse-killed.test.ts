/**
 * kill -9 of ClickHouse itself in the middle of inserts, again and again, under a flusher that goes on: afterwards every
 * table is exact. Engines of its own, because the shared ones are other tests' too.
 * FLOWLY_TEST_KILL_ROUNDS sets how often (default 10).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type Engines, openEngines } from '../../runtime/sidecars/open-engines.ts';
import { stopKeeper } from '../../runtime/sidecars/stop-keeper.ts';
import type { Flusher } from '../../workers/flush/flusher.ts';
import { until } from '../support/until.ts';
import { expectExact, fullCommit, newWorld, type World } from './world.ts';

const ROUNDS = Number(process.env.FLOWLY_TEST_KILL_ROUNDS ?? 10);
const DATABASE = 'killed';

let dataDir: string;
let engines: Engines;
let redis: Redis;
let client: ClickHouseClient;
let world: World;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'flowly-kill-'));
  engines = await openEngines({ dataDir, lingerMs: 1_000 });
  if ('url' in engines.redis) throw new Error('The test needs the embedded Redis.');
  redis = new Redis({ ...engines.redis, maxRetriesPerRequest: null });
  const { url, username, password } = engines.clickhouse;
  client = createClient({ url, username, password, database: DATABASE, log: { level: ClickHouseLogLevel.OFF } });
  const admin = createClient({ url, username, password });
  await admin.command({ query: `CREATE DATABASE ${DATABASE}` });
  await admin.close();
  world = await newWorld({ redis, client, database: DATABASE });
});
afterAll(async () => {
  redis?.disconnect();
  await client?.close();
  await engines?.close();
  await stopKeeper(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

async function killClickhouse(): Promise<void> {
  const pid = engines.pids.clickhouse;
  if (pid === undefined) throw new Error('No ClickHouse to kill.');
  process.kill(pid, 'SIGKILL');
  await until('ClickHouse to be another', () => engines.pids.clickhouse !== pid);
}

test(
  `${ROUNDS} times kill -9 of ClickHouse under a running flusher`,
  async () => {
    let sealed = Promise.withResolvers<void>();
    const flusher: Flusher = world.flusher({
      limits: { leaseMs: 3_000, leaseRenewMs: 500 },
      signals: (point) => (point === 'sealed' ? sealed.resolve() : undefined),
    });
    flusher.start();
    for (let round = 0; round < ROUNDS; round += 1) {
      sealed = Promise.withResolvers<void>();
      for (let n = 0; n < 4; n += 1) await world.append(fullCommit(4 * round + n, 500));
      await sealed.promise;
      // An insert of this block takes about this long here, its other tables about as long again.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
      await killClickhouse();
      await flusher.flushed();
    }
    await flusher.stop();
    await expectExact(world);
    const count = (event: string) => world.lines.filter((line) => line.event === event).length;
    expect(count('flush-failing')).toBeGreaterThan(0);
    expect(count('flush-recovered')).toBe(count('flush-failing'));
  },
  30_000 + ROUNDS * 15_000,
);

test('away and back: what waits is counted, nothing is trimmed, and the flush goes on', async () => {
  const flusher = world.flusher();
  flusher.start();
  const pid = engines.pids.clickhouse!;
  process.kill(pid, 'SIGKILL');
  for (let n = 0; n < 5; n += 1) await world.append(fullCommit(1_000 + n));
  expect(await redis.xlen(world.keys.outboxRows)).toBe(5);
  await until('ClickHouse to be another', () => engines.pids.clickhouse !== pid);
  await flusher.flushed();
  await flusher.stop();
  await expectExact(world);
});

/**
 * `kill -9` of each process of the house, while clients write: what was acknowledged is there afterwards, the engines
 * come back or stop, and no process stays behind.
 */
import { describe, expect, test } from '@jest/globals';
import type { Engines } from '../../runtime/sidecars/open-engines.ts';
import { until } from '../support/until.ts';
import { ask, redisOf, sql } from './support/clients.ts';
import { freshDataDir, open } from './support/data-dir.ts';
import { isAlive, pidsOf, untilGone } from './support/processes.ts';
import { spawnClient } from './support/spawn-client.ts';

/** Writes numbers one after the other until stopped; `acknowledged` holds those an engine said yes to. */
function keepWriting(write: (n: number) => Promise<void>): { acknowledged: number[]; stop(): Promise<void> } {
  const acknowledged: number[] = [];
  let stopped = false;
  const loop = (async () => {
    for (let n = 1; !stopped; n += 1) {
      await write(n).then(
        () => acknowledged.push(n),
        () => undefined, // not acknowledged: it may be there or not
      );
    }
  })();
  return {
    acknowledged,
    async stop() {
      stopped = true;
      await loop;
    },
  };
}

function writers(engines: Engines) {
  const redis = redisOf(engines);
  const toRedis = keepWriting(async (n) => {
    await redis.rpush('acknowledged', n);
  });
  const toClickhouse = keepWriting(async (n) => {
    const answer = await ask(engines, `INSERT INTO acknowledged VALUES (${n})`);
    if (answer.status !== 200) throw new Error(answer.text);
  });
  return {
    toRedis,
    toClickhouse,
    enough: (more: number) => {
      const [a, b] = [toRedis.acknowledged.length + more, toClickhouse.acknowledged.length + more];
      return until(
        'both engines take writes',
        () => toRedis.acknowledged.length >= a && toClickhouse.acknowledged.length >= b,
      );
    },
    async stop() {
      await Promise.all([toRedis.stop(), toClickhouse.stop()]);
      redis.disconnect();
    },
  };
}

async function expectAllThere(engines: Engines, kept: ReturnType<typeof writers>): Promise<void> {
  const redis = redisOf(engines);
  const inRedis = new Set((await redis.lrange('acknowledged', 0, -1)).map(Number));
  redis.disconnect();
  const inClickhouse = new Set((await sql(engines, 'SELECT DISTINCT n FROM acknowledged')).split('\n').map(Number));
  expect(kept.toRedis.acknowledged.filter((n) => !inRedis.has(n))).toEqual([]);
  expect(kept.toClickhouse.acknowledged.filter((n) => !inClickhouse.has(n))).toEqual([]);
}

describe('kill -9 while clients write', () => {
  test.each(['keeper', 'redis', 'clickhouse'] as const)(
    'of the %s: both engines go on, nothing acknowledged is lost',
    async (victim) => {
      const engines = await open(freshDataDir());
      await sql(engines, 'CREATE TABLE acknowledged (n UInt32) ENGINE = MergeTree ORDER BY n');
      const before = pidsOf(engines);
      const { clickhouse, redis } = engines;
      const kept = writers(engines);
      await kept.enough(20);

      process.kill(before[victim], 'SIGKILL');
      await until(`the ${victim} is another`, () => engines.pids[victim] !== before[victim]);
      await kept.enough(20);
      await kept.stop();
      await expectAllThere(engines, kept);
      expect([engines.clickhouse, engines.redis]).toEqual([clickhouse, redis]); // same port, same socket, same secrets

      const after = pidsOf(engines);
      if (victim === 'keeper') await untilGone(before);
      else expect(after.keeper).toBe(before.keeper);
      await engines.close();
      await untilGone(after);
    },
  );

  test('of the only client: the engines stop', async () => {
    const client = spawnClient(freshDataDir());
    const pids = await client.pids;
    expect(isAlive(pids.redis) && isAlive(pids.clickhouse)).toBe(true);
    await client.kill();
    await untilGone(pids);
  });

  test('of keeper and client at once: the engines stop by themselves, and keep their data', async () => {
    const dataDir = freshDataDir();
    const client = spawnClient(dataDir);
    const pids = await client.pids;
    const engines = await open(dataDir);
    const redis = redisOf(engines);
    await redis.set('a', 'kept');
    await sql(engines, 'CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a');
    await sql(engines, 'INSERT INTO t VALUES (1)');
    redis.disconnect();
    await engines.close();
    process.kill(pids.keeper, 'SIGKILL');
    await client.kill();
    await untilGone(pids);

    const again = await open(dataDir);
    const second = redisOf(again);
    expect(await second.get('a')).toBe('kept');
    second.disconnect();
    expect(await sql(again, 'SELECT a FROM t')).toBe('1');
    await again.close();
  });

  test('of keeper and both engines at once: the client gets new ones', async () => {
    const engines = await open(freshDataDir());
    await sql(engines, 'CREATE TABLE acknowledged (n UInt32) ENGINE = MergeTree ORDER BY n');
    const before = pidsOf(engines);
    const kept = writers(engines);
    await kept.enough(10);
    for (const pid of [before.keeper, before.clickhouse, before.redis]) process.kill(pid, 'SIGKILL');
    await until('there is a new keeper', () => engines.pids.keeper !== before.keeper);
    await kept.enough(10);
    await kept.stop();
    await expectAllThere(engines, kept);
    await engines.close();
    await untilGone(pidsOf(engines));
  });
});

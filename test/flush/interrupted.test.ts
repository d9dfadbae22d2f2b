/**
 * Cut off at every point, and started again: nothing twice, nothing missing. The next flusher finds the seal, asks the
 * tables and writes only what is not there; also when part of what was acknowledged has gone, as after a kill -9 of
 * ClickHouse between a token and its part.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { PermanentError } from '../../core/errors.ts';
import type { FlushPoint } from '../../workers/flush/deliver.ts';
import { FLUSH_TABLES } from '../../workers/flush/tables.ts';
import { until } from '../support/until.ts';
import { expectExact, fullCommit, newWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await newWorld();
});

const POINTS: FlushPoint[] = ['sealed', ...FLUSH_TABLES.map(({ name }) => `inserted:${name}` as const), 'trimmed'];
/** The exact halt of a process: nothing after the point happens. */
const haltAt = (point: FlushPoint, times = 1) => {
  let left = times;
  return (at: FlushPoint): void => {
    if (at !== point || left === 0) return;
    left -= 1;
    throw new Error('halted by the test');
  };
};

async function runUntilHalted(point: FlushPoint): Promise<void> {
  const flusher = world.flusher({ signals: haltAt(point) });
  flusher.start();
  await expect(flusher.done).rejects.toMatchObject({ code: 'flush-halted' });
}

describe('halted at a point and started again', () => {
  test.each(POINTS)('%s', async (point) => {
    for (let n = 0; n < 3; n += 1) await world.append(fullCommit(n));
    await runUntilHalted(point);
    // And once more in the middle of the repair, where there is one.
    if (point !== 'trimmed') await runUntilHalted(point === 'sealed' ? 'inserted:usage' : point);
    await world.append(fullCommit(3));
    await world.flushAll();
    await expectExact(world);
  });
});

/** Removes what one insert brought to one month of one table, as if its part had never become visible. */
const drop = (table: string, month: number) =>
  world.client.command({ query: `ALTER TABLE ${table} DROP PARTITION ${month}` });

describe('acknowledged and yet not there', () => {
  // The rows of fullCommit lie in 202611 and 202612 in every usage table, but in different numbers.
  test.each([
    [['usage_events', 202611]],
    [['usage_events', 202612]],
    [['usage_quarter_hours', 202611]],
    [['usage_quarter_hours', 202612]],
    [['usage_days', 202611]],
    [['usage_days', 202612]],
    [
      ['usage_events', 202611],
      ['usage_days', 202612],
    ],
    [
      ['usage_events', 202611],
      ['usage_events', 202612],
    ],
    [
      ['usage_quarter_hours', 202611],
      ['usage_quarter_hours', 202612],
      ['usage_days', 202611],
      ['usage_days', 202612],
    ],
  ] as [string, number][][])('%j %j %j %j', async (...lost) => {
    for (let n = 0; n < 3; n += 1) await world.append(fullCommit(n));
    await runUntilHalted('inserted:usage');
    for (const [table, month] of lost.filter(Boolean)) await drop(table, month);
    await world.flushAll();
    await expectExact(world);
    const repaired = world.lines.find(({ event }) => event === 'flush-repaired');
    expect(repaired?.missing).toEqual(
      expect.arrayContaining(lost.filter(Boolean).map(([table, month]) => `${table} ${month}`)),
    );
  });

  test.each([
    'ledger_entries',
    'account_history',
    'account_contacts',
    'alert_history',
    'mail_history',
    'parked_events',
    'released_events',
    'redriven_letters',
    'dead_letters',
  ] as const)('one month of %s', async (table) => {
    // Commits before and after the month's end: their rows lie in two partitions.
    for (let n = 0; n < 4; n += 1) await world.append(fullCommit(n));
    await runUntilHalted(`inserted:${table}`);
    await drop(table, 202612);
    await world.flushAll();
    await expectExact(world);
    expect(world.lines.find(({ event }) => event === 'flush-repaired')?.missing).toEqual([`${table} 202612`]);
  });

  test('everything, while ClickHouse still knows the tokens: it is written although the insert is dropped', async () => {
    for (let n = 0; n < 3; n += 1) await world.append(fullCommit(n));
    await runUntilHalted('inserted:usage');
    // Unlike DROP PARTITION, a mutation leaves the tokens: the re-send is acknowledged and has no effect.
    for (const table of ['usage_events', 'usage_quarter_hours', 'usage_days']) {
      await world.client.command({
        query: `ALTER TABLE ${table} DELETE WHERE block = 1`,
        clickhouse_settings: { mutations_sync: '2' },
      });
    }
    await world.flushAll();
    await expectExact(world);
    const missing = world.lines.find(({ event }) => event === 'flush-repaired')?.missing;
    expect(missing).toEqual(
      [202611, 202612]
        .flatMap((m) => [`usage_events ${m}`])
        .concat(
          [202611, 202612].map((m) => `usage_days ${m}`),
          [202611, 202612].map((m) => `usage_quarter_hours ${m}`),
        ),
    );
  });

  test('a rollup month that merged with older blocks is not taken for missing', async () => {
    await world.append(fullCommit(0));
    await world.flushAll();
    await world.append(fullCommit(0));
    await runUntilHalted('inserted:usage');
    for (const table of ['usage_quarter_hours', 'usage_days'])
      await world.client.command({ query: `OPTIMIZE TABLE ${table} FINAL` });
    await world.flushAll();
    await expectExact(world);
    expect(world.lines.filter(({ event }) => event === 'flush-repaired')).toEqual([]);
  });
});

/** A client whose inserts into one table fail as the network does: before they arrive, or after they worked. */
function failing(client: ClickHouseClient, table: string, when: 'before' | 'after', times: number): ClickHouseClient {
  let left = times;
  return new Proxy(client, {
    get(target, name) {
      if (name !== 'exec') return Reflect.get(target, name);
      return async (params: Parameters<ClickHouseClient['exec']>[0]) => {
        const isIt = params.query.startsWith(`INSERT INTO ${table} `) && left > 0;
        if (isIt) left -= 1;
        if (isIt && when === 'before') throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
        const result = await target.exec(params as never);
        if (isIt) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        return result;
      };
    },
  });
}

describe('an answer that was lost', () => {
  test.each(
    ['usage_landing', 'ledger_entries', 'dead_letters', 'flushed_blocks'].flatMap((table) => [
      [table, 'before'] as const,
      [table, 'after'] as const,
    ]),
  )('of %s, %s its effect: the same process asks and goes on', async (table, when) => {
    for (let n = 0; n < 3; n += 1) await world.append(fullCommit(n));
    const flusher = world.flusher({ client: failing(world.client, table, when, 3) });
    flusher.start();
    await flusher.flushed();
    await flusher.stop();
    await expectExact(world);
    // Once per change of state, however many attempts.
    expect(world.lines.filter(({ event }) => event === 'flush-failing')).toHaveLength(1);
    expect(world.lines.filter(({ event }) => event === 'flush-recovered')).toHaveLength(1);
  });

  test('the very insert that still runs is waited for, and not repaired past', async () => {
    await world.append(fullCommit(0));
    await runUntilHalted('sealed');
    // Something of block 1 is still at work in ClickHouse, says its label.
    const label = `flowly-block:${world.ledgerId}:0:1`;
    const abandon = new AbortController();
    const running = world.client.command({
      query: `SELECT sleepEachRow(0.5) FROM numbers(600) SETTINGS log_comment = '${label}', max_block_size = 1`,
      abort_signal: abandon.signal,
    });
    await until(
      'the query to run',
      async () =>
        (await world.query(`SELECT 1 FROM system.processes WHERE Settings['log_comment'] = '${label}'`)).length > 0,
    );
    const flusher = world.flusher();
    flusher.start();
    await until('the flush to fail', () => world.lines.some(({ event }) => event === 'flush-failing'));
    expect(world.lines.find(({ event }) => event === 'flush-failing')?.err).toMatchObject({
      code: 'insert-still-running',
    });
    abandon.abort();
    await expect(running).rejects.toThrow('abort');
    await flusher.flushed();
    await flusher.stop();
    await expectExact(world);
  });

  test('stopping while ClickHouse is away leaves the seal to the next one', async () => {
    await world.append(fullCommit(0));
    const flusher = world.flusher({
      client: failing(world.client, 'usage_landing', 'before', Number.POSITIVE_INFINITY),
    });
    flusher.start();
    await until('the flush to fail', () => world.lines.some(({ event }) => event === 'flush-failing'));
    await flusher.stop();
    await flusher.done;
    expect(await world.redis.exists(world.keys.flushSeal)).toBe(1);
    await world.flushAll();
    await expectExact(world);
  });
});

describe('what must not be guessed', () => {
  const stops = async (): Promise<PermanentError> => {
    const flusher = world.flusher();
    flusher.start();
    const error: unknown = await flusher.done.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(PermanentError);
    expect(await world.redis.xlen(world.keys.outboxRows)).toBeGreaterThan(0);
    return error as PermanentError;
  };

  test('a sealed range whose entries are others stops with a clear error', async () => {
    await world.append(fullCommit(0));
    await world.append(fullCommit(1));
    await runUntilHalted('sealed');
    await world.redis.xdel(world.keys.outboxRows, '2-0');
    const error = await stops();
    expect(error).toMatchObject({ code: 'flush-seal-mismatch' });
    expect(error.message).toContain('1 to 2');
    expect(await world.query('SELECT 1 FROM usage_events')).toEqual([]);
  });

  test('rows of the block that are not the block’s stop the repair', async () => {
    await world.append(fullCommit(0));
    await runUntilHalted('inserted:usage');
    await world.client.command({
      query: `ALTER TABLE usage_events DELETE WHERE event_id = 'e-0-0'`,
      clickhouse_settings: { mutations_sync: '2' },
    });
    expect(await stops()).toMatchObject({ code: 'block-mismatch' });
  });

  test('a ClickHouse that is ahead of Redis stops the flush before it seals', async () => {
    await world.append(fullCommit(0));
    await world.flushAll();
    await world.redis.hdel(world.keys.meta, 'block', 'flushed');
    await world.append(fullCommit(1));
    expect(await stops()).toMatchObject({ code: 'clickhouse-ahead' });
    expect(await world.redis.exists(world.keys.flushSeal)).toBe(0);
  });

  test('another ledger in Redis stops the flush', async () => {
    await world.append(fullCommit(0));
    await world.redis.hset(world.keys.meta, 'id', 'another');
    expect(await stops()).toMatchObject({ code: 'ledger-is-another' });
  });
});

/**
 * The fence: a ledger is opened only where Redis and ClickHouse belong together and Redis is not behind; and every
 * script refuses a Redis that changed under the running service, before it changes anything.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { readAccount } from '../../ledger/account.ts';
import { commitCommand } from '../../ledger/commit-command.ts';
import { growDirectory } from '../../ledger/dedupe.ts';
import { type LedgerKeys, ledgerKeys } from '../../ledger/keys.ts';
import { openLedger } from '../../ledger/open.ts';
import { FenceError } from '../../ledger/scripts.ts';
import { clickhouseHistory } from '../../workers/history-store.ts';
import { commitGroup } from '../../workers/usage/commit-group.ts';
import { releaseParked } from '../../workers/usage/release.ts';
import { freshRedis, freshTag, migratedDatabase } from '../support/engines.ts';
import { event, purchase, START_MS, upsert } from './samples.ts';
import { COMMAND_SETTINGS, dump, openStage, outcomes } from './stage.ts';

let redis: Redis;
let client: ClickHouseClient;
let keys: LedgerKeys;
const LEDGER = '00000000-0000-4000-8000-000000000001';

beforeAll(async () => {
  redis = await freshRedis();
  ({ client } = await migratedDatabase());
});
beforeEach(async () => {
  keys = ledgerKeys(freshTag());
  const { tables } = await tablesWithRows();
  for (const table of tables) await client.command({ query: `TRUNCATE TABLE ${table}` });
});

async function tablesWithRows(): Promise<{ tables: string[] }> {
  const query = `SELECT name FROM system.tables WHERE database = currentDatabase() AND total_rows > 0 AND name NOT LIKE '%schema_migrations%'`;
  const rows = await (await client.query({ query, format: 'JSONEachRow' })).json<{ name: string }>();
  return { tables: rows.map(({ name }) => name) };
}

const open = (partitions = 1) => openLedger({ redis, keys, history: clickhouseHistory(client), partitions });
const insert = (table: string, values: object[]) => client.insert({ table, values, format: 'JSONEachRow' });
const identity = (ledgerId: string, partition = 0) =>
  insert('ledger_identity', [{ ledger_id: ledgerId, partition, partitions: 1 }]);
const flushedBlock = (block: number, last: number, partition = 0) =>
  insert('flushed_blocks', [
    { block, first_sequence: 1, last_sequence: last, rows: last, sha256: '', flushed_at: 0, partition },
  ]);
/** What Redis holds of a ledger: its sequence number, and how far it was flushed. */
const found = (ledgerId: string, sequence: number, flushed: number) =>
  redis.hset(keys.meta, {
    id: ledgerId,
    partition: 0,
    partitions: 1,
    sequence,
    flushed,
    block: flushed,
    directory: '14:0',
  });

describe('at start', () => {
  test('an empty Redis and an empty ClickHouse found one ledger, whoever comes first', async () => {
    const contexts = await Promise.all([open(), open(), open()]);
    const ids = new Set(contexts.map(({ ledgerId }) => ledgerId));
    expect(ids.size).toBe(1);
    expect((await clickhouseHistory(client).identity(0))!).toEqual({
      ledgerId: [...ids][0],
      partitions: 1,
      sequence: 0,
    });
    expect((await open()).ledgerId).toBe([...ids][0]);
  });

  test('both ends together: opened at the sequence of Redis', async () => {
    await found(LEDGER, 12, 9);
    await identity(LEDGER);
    await flushedBlock(3, 9);
    expect((await open()).seen.sequence).toBe(12);
    await flushedBlock(4, 12);
    expect((await open()).seen.sequence).toBe(12);
  });

  test('a crash between founding and recording: the next start records it', async () => {
    await found(LEDGER, 5, 0);
    expect((await open()).ledgerId).toBe(LEDGER);
    expect(await clickhouseHistory(client).identity(0)).toMatchObject({ ledgerId: LEDGER });
  });

  test('what others commit and flush while it looks is not taken for an engine that went back', async () => {
    await found(LEDGER, 12, 9);
    await identity(LEDGER);
    await flushedBlock(1, 9);
    const history = clickhouseHistory(client);
    const goOn = async (to: number) => {
      await found(LEDGER, to + 2, to);
      await flushedBlock(to, to);
    };
    const overtaken: typeof history = {
      ...history,
      identity: async (partition) => {
        await goOn(12);
        const known = await history.identity(partition);
        await goOn(20);
        return known;
      },
    };
    expect((await openLedger({ redis, keys, history: overtaken })).seen.sequence).toBe(22);
  });

  const refused: readonly [string, string, () => Promise<unknown>][] = [
    ['Redis is empty, ClickHouse knows a ledger', 'ledger-is-empty', () => identity(LEDGER)],
    [
      'Redis is empty but for other keys',
      'ledger-is-empty',
      async () => {
        await identity(LEDGER);
        await redis.hset(keys.meta, 'sequence', 7);
      },
    ],
    [
      'Redis holds another ledger',
      'ledger-is-another',
      async () => {
        await identity(LEDGER);
        await found('00000000-0000-4000-8000-00000000000f', 900, 0);
      },
    ],
    [
      'Redis is older than the newest flushed block',
      'ledger-went-back',
      async () => {
        await identity(LEDGER);
        await flushedBlock(1, 10);
        await flushedBlock(2, 20);
        await found(LEDGER, 19, 10);
      },
    ],
    [
      'ClickHouse is older than what Redis has flushed',
      'history-went-back',
      async () => {
        await identity(LEDGER);
        await flushedBlock(1, 10);
        await found(LEDGER, 25, 20);
      },
    ],
    ['ClickHouse is empty, Redis has flushed', 'history-is-empty', () => found(LEDGER, 12, 9)],
    [
      'another count of partitions',
      'partitions-changed',
      () => found(LEDGER, 0, 0).then(() => redis.hset(keys.meta, 'partitions', 4)),
    ],
  ];
  test.each(refused)('%s: refused as %s, and nothing is written', async (_, code, arrange) => {
    await arrange();
    const before = await redis.hgetall(keys.meta);
    const tables = await tablesWithRows();
    const error = await open().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(FenceError);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toMatch(/^[A-Z].*\.$/s);
    expect(await redis.hgetall(keys.meta)).toEqual(before);
    expect(await tablesWithRows()).toEqual(tables);
  });

  const tail = (sequence: number, block: number) => ({ sequence, block, committed_at: START_MS });
  const rows: readonly [string, object][] = [
    ['usage_events', { event_id: 'e', account_id: 'a', occurred_at: START_MS, attributes: {} }],
    ['ledger_entries', { account_id: 'a', kind: 'grant' }],
    ['account_history', { account_id: 'a', command_id: 'c', at: START_MS }],
    ['dead_letters', { key: 'k', queued_at: START_MS }],
    ['parked_events', { account_id: 'a', id: 'p' }],
    ['released_events', { account_id: 'a', id: 'p' }],
    ['redriven_letters', { key: 'k' }],
    ['alert_history', { account_id: 'a' }],
    ['mail_history', { account_id: 'a' }],
  ];
  test.each(rows)('rows in %s of a block that was not finished count', async (table, row) => {
    await identity(LEDGER);
    await flushedBlock(7, 20);
    await found(LEDGER, 25, 20);
    await insert(table, [
      { ...row, ...tail(25, 8) },
      { ...row, ...tail(21, 8) },
    ]);
    expect((await open()).seen.sequence).toBe(25);
    await redis.hset(keys.meta, 'sequence', 24);
    await expect(open()).rejects.toMatchObject({ code: 'ledger-went-back' });
  });

  test('rows of finished blocks are not searched, and blocks of another partition are not ours', async () => {
    await identity(LEDGER);
    await flushedBlock(7, 20);
    await flushedBlock(2 ** 40 + 1, 5_000, 1);
    await insert('ledger_entries', [
      { account_id: 'a', kind: 'grant', ...tail(999, 7) },
      { account_id: 'b', kind: 'grant', ...tail(6_000, 2 ** 40 + 2) },
    ]);
    await found(LEDGER, 20, 20);
    expect(await clickhouseHistory(client).identity(1)).toBeUndefined();
    await identity(LEDGER, 1);
    expect(await clickhouseHistory(client).identity(1)).toMatchObject({ sequence: 6_000 });
    expect(await clickhouseHistory(client).identity(0)).toMatchObject({ sequence: 20 });
    expect((await open()).seen.sequence).toBe(20);
  });

  test('a history without a flushed block counts its rows from the first', async () => {
    await identity(LEDGER);
    await insert('ledger_entries', [{ account_id: 'a', kind: 'grant', ...tail(4, 1) }]);
    await found(LEDGER, 3, 0);
    await expect(open()).rejects.toMatchObject({ code: 'ledger-went-back' });
  });
});

describe('while running', () => {
  const changes: readonly [string, string, (keys: LedgerKeys) => Promise<unknown>][] = [
    ['the keys are gone', 'ledger-is-empty', async (k) => redis.del(await redis.keys(`${k.tag}:*`))],
    ['meta is gone', 'ledger-is-empty', (k) => redis.del(k.meta)],
    ['another ledger is there', 'ledger-is-another', (k) => redis.hset(k.meta, 'id', LEDGER)],
    ['the sequence went back by one', 'ledger-went-back', (k) => redis.hincrby(k.meta, 'sequence', -1)],
    ['the sequence is gone', 'ledger-went-back', (k) => redis.hdel(k.meta, 'sequence')],
  ];
  test.each(changes)('%s: every script refuses, and nothing is written', async (_, code, change) => {
    const real = await openStage(redis);
    const { context, options } = real;
    const list = context.keys.parkedEvents('b');
    await outcomes(real, [event({ accountId: 'b' })]);
    await real.command(upsert(), START_MS);
    await outcomes(real, [event()]);
    const parked = await redis.lrange(list, 0, -1);
    await change(context.keys);
    if (parked.length > 0 && (await redis.exists(list)) === 0) await redis.rpush(list, ...parked);
    const before = await dump(real);
    const settled: unknown[] = [];
    const items = [event(), event({ accountId: 'new' })].map((one) => ({
      ...{ event: one, queuedAt: START_MS },
      settle: (outcome: unknown) => settled.push(outcome),
    }));
    const calls: Promise<unknown>[] = [
      commitGroup(options, items),
      commitCommand(context, { command: purchase(), queuedAt: START_MS }, COMMAND_SETTINGS),
      real.command(upsert({ accountId: 'b' }), START_MS),
      readAccount(context, 'a'),
      growDirectory(context, 1_000_000_000),
      releaseParked(options, list),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code } });
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(FenceError);
    }
    expect(await dump(real)).toEqual(before);
    expect(settled).toEqual([]);
  });
});

/**
 * One ledger's outbox on the shared engines, filled with every kind of row over a month's end, and what ClickHouse must
 * hold once it is flushed: computed here from what was appended, compared row by row and rollup by rollup.
 */
import { randomUUID } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { expect } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type LedgerKeys, ledgerKeys } from '../../ledger/keys.ts';
import { type LineField, readBacklog } from '../../ledger/outbox.ts';
import { migrate } from '../../schema/migrate.ts';
import type { FlushPoint } from '../../workers/flush/deliver.ts';
import { createFlusher, type Flusher } from '../../workers/flush/flusher.ts';
import type { FlushLimits } from '../../workers/flush/limits.ts';
import { freshDatabase, freshRedis, freshTag } from '../support/engines.ts';
import { appendCommit, grantLine, type TestCommit, type TestUsage } from '../support/outbox.ts';

/** Quick enough for a test, and still the same machine. */
export const TEST_LIMITS: Partial<FlushLimits> = {
  ...{ flushIntervalMs: 20, pollMs: 5, leaseMs: 1_000, leaseRenewMs: 100, leaseRetryMs: 30 },
  ...{ backoffFirstMs: 10, backoffLastMs: 100 },
};

export const MONTH_END = Date.UTC(2026, 10, 30, 23, 59);
const DAY_MS = 86_400_000;

export type LogLine = { readonly level: string; readonly event: string } & Record<string, unknown>;

export type World = {
  readonly redis: Redis;
  readonly keys: LedgerKeys;
  readonly ledgerId: string;
  readonly database: string;
  readonly client: ClickHouseClient;
  readonly commits: { sequence: number; commit: TestCommit }[];
  readonly lines: LogLine[];
  append(commit: TestCommit): Promise<void>;
  flusher(options?: {
    limits?: Partial<FlushLimits>;
    signals?: (point: FlushPoint) => void | Promise<void>;
    client?: ClickHouseClient;
    redis?: Redis;
  }): Flusher;
  /** Flushes all that waits with a fresh flusher and stops it. */
  flushAll(): Promise<void>;
  query<T = Record<string, string>>(sql: string): Promise<T[]>;
};

export async function newWorld(
  engines: { redis?: Redis; client?: ClickHouseClient; database?: string } = {},
): Promise<World> {
  const redis = engines.redis ?? (await freshRedis());
  const fresh = engines.client === undefined ? await freshDatabase() : undefined;
  const client = engines.client ?? fresh!.client;
  const database = engines.database ?? fresh!.database;
  await migrate(client, { database });
  const keys = ledgerKeys(freshTag());
  const ledgerId = randomUUID();
  await redis.hset(keys.meta, 'id', ledgerId);
  const commits: World['commits'] = [];
  const lines: LogLine[] = [];
  const line = (level: string) => (fields: object) => void lines.push({ level, ...fields } as LogLine);
  const log = { info: line('info'), warn: line('warn'), error: line('error') };
  const world: World = {
    ...{ redis, keys, ledgerId, database, client, commits, lines },
    async append(commit) {
      const sequence = (commits.at(-1)?.sequence ?? 0) + 1;
      commits.push({ sequence, commit });
      await appendCommit(redis, keys, sequence, commit);
    },
    flusher: (options = {}) =>
      createFlusher({
        redis: options.redis ?? redis,
        clickhouse: options.client ?? client,
        ...{ keys, ledgerId, partition: 0, log, limits: { ...TEST_LIMITS, ...options.limits } },
        ...(options.signals === undefined ? {} : { signals: options.signals }),
      }),
    async flushAll() {
      const flusher = world.flusher();
      flusher.start();
      await flusher.flushed();
      await flusher.stop();
    },
    async query<T>(sql: string) {
      return await (await client.query({ query: sql, format: 'JSONEachRow' })).json<T>();
    },
  };
  return world;
}

/** A commit with rows of every table; its usage lies around a month's end, in UTC and, elsewhere, in local days. */
export function fullCommit(n: number, usageRows = 6): TestCommit {
  const account = `acc-${n % 3}`;
  const usage = Array.from({ length: usageRows }, (_, i): TestUsage => {
    // UTC: every other row after midnight. Local: Auckland's day is ahead, so the two months differ for some rows.
    const occurredAt = MONTH_END + (i % 2) * 120_000 + (i % 3) * 1_000 - (i % 5 === 4 ? 3 * DAY_MS : 0);
    return {
      id: `e-${n}-${i}`,
      accountId: account,
      serverId: `srv-${i % 2}`,
      occurredAt,
      localDay: Math.floor((occurredAt + 13 * 3_600_000) / DAY_MS),
      cost: 10 + i,
      events: i % 7 === 6 ? -1 : 1,
      attributes: i % 2 === 0 ? [['team', `ü${i}`]] : [],
    };
  });
  const body = JSON.stringify({ text: 'a\tb\\c\n"' });
  return {
    at: MONTH_END + n * 30_000,
    usage,
    entries: [grantLine(account, n, 'back\\slash \\N'), grantLine(account, n + 1_000)],
    history: [
      {
        accountId: account,
        commandId: `cmd-${n}`,
        type: 'account.upsert',
        at: MONTH_END,
        outcome: 'applied',
        detail: '',
        body,
        schedule: '[]',
      },
    ],
    alerts: ['fired', 'armed'].map((state, i) => ({
      ...{ accountId: account, alertId: `low-${n}-${i}`, builtIn: i === 0, kind: 'percent', number: '2000', state },
      ...{ threshold: 200, remaining: 190 + i, granted: 1_000, by: 'event', ref: `e-${n}-0`, silent: i === 1 },
    })),
    mails: ['decided', 'superseded'].map((status, i) => ({
      ...{ accountId: account, intentId: `${account}:mail:${n}`, kind: 'low-credits', status, about: 'built-in:low' },
      ...{ by: 'event', ref: `e-${n}-0`, snapshot: i === 0 ? { at: MONTH_END, text: 'a\tb\\c' } : '' },
      ...{ words: `ü "${i}"`, attempts: i },
    })),
    contacts: [
      { accountId: account, email: `u${n}@example.com`, name: '', recipients: ['a@example.com', 'b'], locale: 'de' },
    ],
    dead: [
      {
        key: `k${n}`,
        accountId: account,
        id: `d-${n}`,
        kind: 'event',
        reason: 'invalid',
        field: 'tokens',
        detail: 'x',
        body,
        queuedAt: MONTH_END,
      },
    ],
    parked: [{ accountId: account, id: `p-${n}`, kind: 'event', reason: 'unknown-model', body }],
    released: [{ accountId: account, id: `p-${n}`, kind: 'event' }],
    redriven: [
      { key: `k${n}`, accountId: account, id: `d-${n}`, kind: 'event', reason: 'invalid', outcome: 'accepted' },
    ],
  };
}

const AMOUNTS = ['events', 'input_tokens', 'output_tokens', 'cost', 'monthly', 'bonus', 'uncovered'] as const;
const RAW_AMOUNTS = AMOUNTS.map((name) =>
  name === 'monthly' ? 'from_previous + from_monthly' : name === 'bonus' ? 'from_bonus' : name,
);

/**
 * Every table holds every row that was appended exactly once, the rollups are the sums of the raw rows, and nothing is
 * left in Redis. `refused`: ids of usage rows that became dead letters.
 */
export async function expectExact(world: World, refused: ReadonlySet<string> = new Set()): Promise<void> {
  const { commits, query } = world;
  const expected = commits.flatMap(({ sequence, commit }) =>
    (commit.usage ?? []).map(
      (row, position) => `${sequence}.${position} ${row.id} ${row.events ?? 1} ${(row.events ?? 1) * (row.cost ?? 60)}`,
    ),
  );
  const kept = expected.filter((text) => !refused.has(text.split(' ')[1]!));
  const raw = await query<{ row: string }>(
    `SELECT concat(toString(sequence), '.', toString(position), ' ', event_id, ' ', toString(events), ' ', toString(cost)) AS row FROM usage_events`,
  );
  expect(raw.map(({ row }) => row).sort()).toEqual(kept.sort());
  for (const [table, bucket, keys] of [
    ['usage_quarter_hours', 'quarter_hour', 'toStartOfFifteenMinutes(occurred_at)'],
    ['usage_days', 'local_day', 'local_day'],
  ] as const) {
    const group = 'account_id, server_id, model, key_source, cycle';
    const sums = (amounts: readonly string[]) =>
      amounts.map((amount, i) => `toString(sum(${amount})) AS s${i}`).join(', ');
    const have = await query(
      `SELECT ${group}, toString(${bucket}) AS bucket, ${sums(AMOUNTS)} FROM ${table} GROUP BY ${group}, bucket ORDER BY ALL`,
    );
    const want = await query(
      `SELECT ${group}, toString(${keys}) AS bucket, ${sums(RAW_AMOUNTS)} FROM usage_events GROUP BY ${group}, bucket ORDER BY ALL`,
    );
    expect({ table, rows: have }).toEqual({ table, rows: want });
  }
  const list = (field: Exclude<LineField, 'entries'>, key: string) =>
    commits
      .flatMap(({ sequence, commit }) =>
        (commit[field] ?? []).map((line) => `${sequence} ${(line as Record<string, string>)[key]}`),
      )
      .sort();
  const entries = commits.flatMap(({ sequence, commit }) =>
    (commit.entries ?? []).map((line) => `${sequence} ${line.split('\t')[1]} ${line.split('\t')[11]}`),
  );
  for (const [table, column, want] of [
    ['ledger_entries', "concat(toString(index), ' ', note)", entries.sort()],
    ['account_history', 'command_id', list('history', 'commandId')],
    ['account_contacts', 'email', list('contacts', 'email')],
    ['alert_history', 'alert_id', list('alerts', 'alertId')],
    ['mail_history', 'status', list('mails', 'status')],
    ['dead_letters', 'id', list('dead', 'id')],
    ['parked_events', 'id', list('parked', 'id')],
    ['released_events', 'id', list('released', 'id')],
    ['redriven_letters', 'key', list('redriven', 'key')],
  ] as const) {
    const filter = table === 'dead_letters' ? `WHERE reason != 'unflushable'` : '';
    const rows = await query<{ row: string }>(
      `SELECT concat(toString(sequence), ' ', ${column}) AS row FROM ${table} ${filter}`,
    );
    expect({ table, rows: rows.map(({ row }) => row).sort() }).toEqual({ table, rows: want });
  }
  const blocks = await query<{ block: string; first_sequence: string; last_sequence: string; rows: string }>(
    'SELECT toString(block) AS block, first_sequence, last_sequence, rows FROM flushed_blocks ORDER BY flushed_blocks.block',
  );
  expect(blocks.map(({ block }) => block)).toEqual(blocks.map((_, i) => String(i + 1)));
  expect(blocks.reduce((sum, { rows }) => sum + Number(rows), 0)).toBe(kept.length);
  const last = commits.at(-1)?.sequence ?? 0;
  expect(await readBacklog(world.redis, world.keys)).toMatchObject({ entries: 0, flushedSequence: last });
  expect(await world.redis.exists(world.keys.flushSeal)).toBe(0);
  expect(await world.redis.hget(world.keys.meta, 'flushedRows')).toBe(String(expected.length));
}

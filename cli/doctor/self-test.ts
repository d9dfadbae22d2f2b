/**
 * The dedupe self-test: the same block twice under one token into scratch tables of the shape that usage takes (landing,
 * a view into the raw table, a view into a rollup), with the flusher's own settings. One effect is expected in both; and
 * the same rows under another token must count again. The scratch tables are dropped whatever happens.
 */
import { randomBytes } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { flushStore } from '../../workers/flush/store.ts';
import { type FlushTable, USAGE } from '../../workers/flush/tables.ts';

/** Scratch tables older than this belong to a run that was killed. */
const LEFT_BEHIND_HOURS = 1;
const SETTINGS = 'SETTINGS non_replicated_deduplication_window = 10000';
const ROWS = [
  { id: 'a', amount: 1 },
  { id: 'b', amount: 2 },
];
const ONCE = 3;

/** What is wrong, a clause each; nothing when all is well. The client is bound to a database it may make tables in. */
export async function dedupeSelfTest(clickhouse: ClickHouseClient): Promise<string[]> {
  const scratch = `doctor_${randomBytes(6).toString('hex')}`;
  const tables = ['raw_view', 'sums_view', 'landing', 'raw', 'sums'].map((name) => `${scratch}_${name}`);
  const run = (query: string): Promise<unknown> => clickhouse.command({ query });
  await dropLeftBehind(clickhouse);
  try {
    await run(`CREATE TABLE ${scratch}_landing (id String, amount Int64) ENGINE = Null`);
    await run(`CREATE TABLE ${scratch}_raw (id String, amount Int64) ENGINE = MergeTree ORDER BY id ${SETTINGS}`);
    await run(
      `CREATE TABLE ${scratch}_sums (amount SimpleAggregateFunction(sum, Int64)) ENGINE = AggregatingMergeTree ORDER BY tuple() ${SETTINGS}`,
    );
    await run(`CREATE MATERIALIZED VIEW ${scratch}_raw_view TO ${scratch}_raw AS SELECT * FROM ${scratch}_landing`);
    await run(
      `CREATE MATERIALIZED VIEW ${scratch}_sums_view TO ${scratch}_sums AS SELECT sum(amount) AS amount FROM ${scratch}_landing`,
    );
    const faults: string[] = [];
    for (const [token, expected] of [
      ['first', ONCE],
      ['first', ONCE],
      ['second', 2 * ONCE],
    ] as const) {
      await insert(clickhouse, `${scratch}_landing`, token);
      for (const table of ['raw', 'sums'])
        faults.push(...(await compare(clickhouse, `${scratch}_${table}`, table, expected)));
    }
    return [...new Set(faults)];
  } finally {
    for (const table of tables) await run(`DROP TABLE IF EXISTS ${table} SYNC`);
  }
}

async function insert(clickhouse: ClickHouseClient, landing: string, token: string): Promise<void> {
  const table: FlushTable = { ...USAGE, landing, columns: ['id', 'amount'], format: 'JSONEachRow' };
  const bytes = Buffer.from(ROWS.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await flushStore(clickhouse).insertOnce(table, [bytes], `${landing}:${token}`, 'flowly-credits doctor');
}

async function compare(
  clickhouse: ClickHouseClient,
  table: string,
  words: string,
  expected: number,
): Promise<string[]> {
  const result = await clickhouse.query({
    query: `SELECT toInt64(sum(amount)) AS sum FROM ${table}`,
    format: 'JSONEachRow',
  });
  const [row] = await result.json<{ sum: string }>();
  const found = Number(row?.sum ?? 0);
  return found === expected ? [] : [`${words} holds ${found} instead of ${expected}`];
}

async function dropLeftBehind(clickhouse: ClickHouseClient): Promise<void> {
  const result = await clickhouse.query({
    query: `SELECT name FROM system.tables WHERE database = currentDatabase() AND match(name, '^doctor_[0-9a-f]{12}_')
      AND metadata_modification_time < now() - INTERVAL ${LEFT_BEHIND_HOURS} HOUR`,
    format: 'JSONEachRow',
  });
  for (const { name } of await result.json<{ name: string }>()) {
    await clickhouse.command({ query: `DROP TABLE IF EXISTS ${name} SYNC` });
  }
}

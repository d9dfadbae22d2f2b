/** Data into the embedded ClickHouse: what is data stays data, one request is one block, a token counts once. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { ClickHouseClient } from '@clickhouse/client';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { BODY_BYTES_MAX } from '../../runtime/sidecars/clickhouse/limits.ts';
import type { Engines } from '../../runtime/sidecars/open-engines.ts';
import { freshDatabase, sharedEngines } from '../support/engines.ts';
import { TEST_DATA_DIR_VARIABLE } from '../support/shared-directory.ts';
import { ask, sql } from './support/clients.ts';

let engines: Engines;
let client: ClickHouseClient;
let table: string;

beforeAll(async () => {
  engines = await sharedEngines();
  const fresh = await freshDatabase();
  client = fresh.client;
  table = `${fresh.database}.t`;
});

beforeEach(async () => {
  await sql(
    engines,
    `CREATE OR REPLACE TABLE ${table} (a UInt32, s String) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100`,
  );
});

const count = () => sql(engines, `SELECT count() FROM ${table}`);

/** `rows` rows of RowBinary: a UInt32 and a String of `width` bytes. */
function rowBinary(rows: number, width: number): Buffer {
  const row = Buffer.alloc(4 + 1 + width, 'x');
  row[4] = width;
  const all = Buffer.alloc(rows * row.length);
  for (let index = 0; index < rows; index += 1) {
    row.writeUInt32LE(index, 0);
    row.copy(all, index * row.length);
  }
  return all;
}

async function insertBinary(body: Buffer, settings: Record<string, string | number> = {}): Promise<void> {
  const result = await client.exec({
    query: `INSERT INTO ${table} FORMAT RowBinary`,
    values: Readable.from([body], { objectMode: false }),
    clickhouse_settings: settings,
  });
  for await (const _ of result.stream) throw new Error('an insert answers nothing');
}

describe('data', () => {
  test.each<[string, string, Record<string, string>, [number, string][]]>([
    ['a blank line in TSV is a row that fails, not SQL', 'FORMAT TSV\n1\ta\n\nDROP TABLE $t\n', {}, []],
    ['an escaped blank line is a value', 'FORMAT TSV\n1\ta\\n\\nDROP TABLE $t\n', {}, [[1, 'a\n\nDROP TABLE $t']]],
    [
      'a blank line inside VALUES',
      "VALUES (1,'a;\n\nDROP TABLE $t'), (2, 'b')",
      {},
      [
        [1, 'a;\n\nDROP TABLE $t'],
        [2, 'b'],
      ],
    ],
    ['a blank line inside quoted CSV', 'FORMAT CSV\n1,"a\n\nDROP TABLE $t"\n', {}, [[1, 'a\n\nDROP TABLE $t']]],
    [
      'a blank line between JSON rows',
      'FORMAT JSONEachRow\n{"a":1,"s":"x"}\n\n{"a":2,"s":"y"}\n',
      {},
      [
        [1, 'x'],
        [2, 'y'],
      ],
    ],
    ['bytes that are no text', 'FORMAT TSV\n1\té\u00a0—\n', {}, [[1, 'é\u00a0—']]],
    [
      'asynchronous inserts are not: acknowledged means stored',
      "VALUES (3,'c')",
      { async_insert: '1', wait_for_async_insert: '0' },
      [[3, 'c']],
    ],
  ])('%s', async (_, tail, query, rows) => {
    await ask(engines, `INSERT INTO ${table} ${tail.replaceAll('$t', table)}`, { query });
    const stored = await (
      await client.query({ query: `SELECT * FROM ${table} ORDER BY a`, format: 'JSONEachRow' })
    ).json<{ a: number; s: string }>();
    expect(stored.map(({ a, s }) => [a, s])).toEqual(rows.map(([a, s]) => [a, s.replaceAll('$t', table)]));
  });

  test.each<[string, Record<string, string>, string | Buffer]>([
    ['all in the body', {}, 'INSERT INTO $t (a) VALUES (1)'],
    ['SQL in the URL, data in the body', { query: 'INSERT INTO $t (a) FORMAT TSV' }, '1\n'],
    ['VALUES in the URL', { query: 'INSERT INTO $t (a) VALUES' }, '(1)'],
    ['the FORMAT in the body', { query: 'INSERT INTO $t (a)' }, 'FORMAT TSV\n1\n'],
    ['all in the URL', { query: 'INSERT INTO $t (a) FORMAT TSV\n1\n' }, ''],
    [
      'comments and quotes about',
      {},
      '/* INSERT */ insert -- x\n into table $t (`a`) settings max_threads = 1 format CSV\n1\n',
    ],
    ['INSERT … SELECT', {}, 'INSERT INTO $t (a) SELECT 1'],
    ['a database of its own', { database: '$d', query: 'INSERT INTO t (a) FORMAT TSV' }, '1\n'],
  ])('%s', async (_, query, body) => {
    const filled = Object.fromEntries(
      Object.entries(query).map(([key, value]) => [
        key,
        value.replace('$t', table).replace('$d', table.split('.')[0] ?? ''),
      ]),
    );
    const answer = await ask(engines, String(body).replace('$t', table), { query: filled });
    expect(answer).toMatchObject({ status: 200, text: '' });
    expect(await sql(engines, `SELECT a FROM ${table}`)).toBe('1');
  });

  test('gzip is unpacked', async () => {
    const answer = await ask(engines, gzipSync('1\tx\n2\ty\n'), {
      headers: { 'content-encoding': 'gzip' },
      query: { query: `INSERT INTO ${table} FORMAT TSV` },
    });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.headers.get('x-clickhouse-summary') ?? '{}')).toMatchObject({ written_rows: '2' });
    expect(await count()).toBe('2');
  });

  test('what cannot be read is refused with the words of ClickHouse, and no path of ours', async () => {
    const answer = await ask(engines, `INSERT INTO ${table} FORMAT TSV\nfoo\tbar\n`);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/^Code: 27\. DB::Exception: Cannot parse input/);
    expect(answer.text).not.toContain('insert-');
    expect(await count()).toBe('0');
  });

  test('a body that is too large is refused, and nothing of it stays', async () => {
    const chunk = Buffer.alloc(1024 * 1024, '1\tx\n');
    const body = Readable.from(
      (function* () {
        for (let bytes = 0; bytes <= BODY_BYTES_MAX; bytes += chunk.length) yield chunk;
      })(),
      { objectMode: false },
    );
    await expect(client.exec({ query: `INSERT INTO ${table} FORMAT TSV`, values: body })).rejects.toThrow();
    expect(await count()).toBe('0');
    expect(readdirSync(join(process.env[TEST_DATA_DIR_VARIABLE] ?? '', 'tmp'))).toEqual([]);
  });
});

describe('a block', () => {
  test.each([
    [100_000, 100],
    [100_000, 127],
  ])('of %i rows of %i bytes in one request is one part', async (rows, width) => {
    await sql(engines, `SYSTEM STOP MERGES ${table}`);
    await insertBinary(rowBinary(rows, width));
    expect(await count()).toBe(String(rows));
    const [database, name] = table.split('.');
    expect(
      await sql(
        engines,
        `SELECT count() FROM system.parts WHERE database = '${database}' AND table = '${name}' AND active`,
      ),
    ).toBe('1');
  });

  test('with the token of an earlier one is acknowledged and not stored again', async () => {
    await insertBinary(rowBinary(10, 5), { insert_deduplication_token: "to'ken\\1" });
    await insertBinary(rowBinary(10, 5), { insert_deduplication_token: "to'ken\\1" });
    expect(await count()).toBe('10');
    await insertBinary(rowBinary(10, 5), { insert_deduplication_token: 'another' });
    expect(await count()).toBe('20');
  });

  test('feeds every view of a Null table once, token or crash', async () => {
    const [database] = table.split('.');
    await sql(engines, `CREATE TABLE ${database}.landing (a UInt32, s String) ENGINE = Null`);
    await sql(
      engines,
      `CREATE TABLE ${database}.sums (k UInt8, n SimpleAggregateFunction(sum, Int64)) ENGINE = AggregatingMergeTree ORDER BY k SETTINGS non_replicated_deduplication_window = 100`,
    );
    await sql(
      engines,
      `CREATE MATERIALIZED VIEW ${database}.raw_view TO ${table} AS SELECT * FROM ${database}.landing`,
    );
    await sql(
      engines,
      `CREATE MATERIALIZED VIEW ${database}.sums_view TO ${database}.sums AS SELECT a % 10 AS k, count() AS n FROM ${database}.landing GROUP BY k`,
    );
    for (let sends = 0; sends < 2; sends += 1) {
      const result = await client.exec({
        query: `INSERT INTO ${database}.landing FORMAT RowBinary`,
        values: Readable.from([rowBinary(1_000, 5)], { objectMode: false }),
        clickhouse_settings: {
          insert_deduplication_token: 'block-1',
          deduplicate_blocks_in_dependent_materialized_views: 1,
        },
      });
      for await (const _ of result.stream) throw new Error('an insert answers nothing');
    }
    expect(await count()).toBe('1000');
    expect(await sql(engines, `SELECT sum(n) FROM ${database}.sums`)).toBe('1000');
    for (const name of ['raw_view', 'sums_view']) await sql(engines, `DROP VIEW ${database}.${name}`);
  });
});

/** ClickHouse's HTTP protocol as its own client uses it: queries, parameters, settings, errors, headers, going away. */
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Engines } from '../../runtime/sidecars/open-engines.ts';
import { freshDatabase, sharedEngines } from '../support/engines.ts';
import { until } from '../support/until.ts';
import { ask, sql } from './support/clients.ts';

let engines: Engines;
let client: ClickHouseClient;
let compressing: ClickHouseClient;
let database: string;

beforeAll(async () => {
  engines = await sharedEngines();
  ({ client, database } = await freshDatabase());
  const { url, username, password } = engines.clickhouse;
  compressing = createClient({ url, username, password, compression: { request: true, response: true } });
});

afterAll(() => compressing.close());

describe('@clickhouse/client', () => {
  test('pings, with and without a query', async () => {
    expect(await client.ping()).toEqual({ success: true });
    expect(await client.ping({ select: true })).toEqual({ success: true });
  });

  test('commands, inserts and queries', async () => {
    await client.command({ query: 'CREATE TABLE t (id UInt64, name String) ENGINE = MergeTree ORDER BY id' });
    const inserted = await client.insert({
      table: 't',
      values: [
        { id: '1', name: 'x\n\ny' },
        { id: '2', name: '' },
      ],
      format: 'JSONEachRow',
    });
    expect(inserted.summary).toMatchObject({ written_rows: '2' });
    const result = await client.query({ query: 'SELECT * FROM t ORDER BY id', format: 'JSON' });
    expect(await result.json()).toMatchObject({
      rows: 2,
      data: [
        { id: 1, name: 'x\n\ny' },
        { id: 2, name: '' },
      ],
    });
  });

  test('streams rows, compressed both ways', async () => {
    const result = await compressing.query({ query: 'SELECT number FROM numbers(50000)', format: 'JSONEachRow' });
    let rows = 0;
    for await (const chunk of result.stream()) rows += chunk.length;
    expect(rows).toBe(50_000);
    expect(result.response_headers['content-encoding']).toBe('gzip');
  });

  test.each<[string, unknown, unknown]>([
    ['String', "it's", "it's"],
    ['String', 'tab\tand\nline\\end', 'tab\tand\nline\\end'],
    ['String', "'; DROP TABLE t --", "'; DROP TABLE t --"],
    ['String', 'é 🙂', 'é 🙂'],
    ['UInt64', 5, 5],
    ['Array(String)', ["a'b", 'c\\d'], ["a'b", 'c\\d']],
    ['Nullable(String)', null, null],
    ['Map(String, UInt8)', { k: 1 }, { k: 1 }],
    ['Bool', true, true],
  ])('binds {p:%s} = %j', async (type, value, expected) => {
    const result = await client.query({
      query: `SELECT {p:${type}} AS p`,
      query_params: { p: value },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ p: expected }]);
  });

  test('sends settings that hold for one request only', async () => {
    const query = "SELECT getSetting('max_threads') AS n";
    const threads = async (settings: Record<string, number>) =>
      (await client.query({ query, clickhouse_settings: settings, format: 'JSONEachRow' })).json();
    expect(await threads({ max_threads: 3 })).toEqual([{ n: 3 }]);
    expect(await threads({})).toEqual([{ n: 1 }]);
    await client.command({ query: 'SET max_threads = 5' });
    await client.command({ query: 'USE system' });
    await client.command({ query: 'CREATE TEMPORARY TABLE mine (a UInt8)' });
    expect(await threads({})).toEqual([{ n: 1 }]);
    await expect(client.command({ query: 'SELECT * FROM mine' })).rejects.toThrow(/mine/);
    const where = await client.query({ query: 'SELECT currentDatabase() AS d', format: 'JSONEachRow' });
    expect(await where.json()).toEqual([{ d: database }]);
  });

  test('gets errors with code and type', async () => {
    await expect(client.query({ query: 'SELECT * FROM nowhere' })).rejects.toMatchObject({
      code: '60',
      type: 'UNKNOWN_TABLE',
    });
    await expect(client.query({ query: 'SELECT (1' })).rejects.toMatchObject({ code: '62', type: 'SYNTAX_ERROR' });
  });

  test('has its query stopped in the engine when it goes away', async () => {
    const gone = new AbortController();
    const asleep =
      "sleepEachRow(1) FROM numbers(100) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0, log_comment = 'left'";
    const running = async () =>
      (await sql(engines, "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'left'")) === '1';
    const query = client.query({ query: `SELECT ${asleep}`, abort_signal: gone.signal });
    const failed = expect(query).rejects.toThrow(/abort/);
    await until('the query runs', running);
    gone.abort();
    await failed;
    await until('the query is stopped', async () => !(await running()));
  });
});

describe('the protocol', () => {
  test.each<[string, Record<string, string>, number, RegExp]>([
    ['SELECT 1 AS x', { default_format: 'JSONEachRow' }, 200, /^\{"x":1\}$/],
    ['SELECT 1 AS x FORMAT CSVWithNames', {}, 200, /^"x"\n1$/],
    ['SELECT 1;', {}, 200, /^1$/],
    ['', {}, 400, /^Code: 62\. DB::Exception: Empty query/],
    ['SELECT 1; SELECT 2', {}, 400, /^Code: 62\. .*Multi-statements/],
    ['SELECT 1', { no_such_setting: '1' }, 404, /^Code: 115\. .*no_such_setting/],
    ['SELECT 1', { max_threads: 'many' }, 400, /^Code: \d+\. /],
    ['SELECT 1', { 'max_threads = 1, readonly': '0' }, 400, /^Code: 36\. /],
    ['SELECT 1', { database: 'nowhere' }, 404, /^Code: 81\. /],
    ['SELECT 1', { compress: '1' }, 501, /^Code: 48\. /],
    ['SELECT throwIf(1)', {}, 500, /^Code: 395\. /],
    ['SELECT {x:UInt8}', {}, 400, /^Code: 456\. /],
    [`SELECT '${'x'.repeat(300_000)}'`, {}, 413, /^Code: 307\. /],
  ])('%.40s %j → %i', async (statement, query, status, text) => {
    const answer = await ask(engines, statement, { query });
    expect(answer).toMatchObject({ status, text: expect.stringMatching(text) });
    expect(answer.headers.get('x-clickhouse-exception-code') === null).toBe(status === 200);
  });

  test('a query is stopped at its time limit', async () => {
    const statement = 'SELECT sleepEachRow(1) FROM numbers(30) SETTINGS max_execution_time = 1, max_block_size = 1';
    expect(await ask(engines, statement)).toMatchObject({ status: 408, text: expect.stringMatching(/^Code: 159\. /) });
  });

  test('says the id and the format of its answer', async () => {
    const { headers } = await ask(engines, 'SELECT 1 FORMAT CSV', { query: { query_id: 'my-id' } });
    expect(headers.get('x-clickhouse-query-id')).toBe('my-id');
    expect(headers.get('x-clickhouse-format')).toBe('CSV');
    expect(JSON.parse(headers.get('x-clickhouse-summary') ?? '{}')).toMatchObject({ read_rows: '1' });
  });

  test('forty queries at once all get their own answer', async () => {
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    const answers = await Promise.all(
      numbers.map((n) => ask(engines, 'SELECT {n:UInt8}', { query: { param_n: String(n) } })),
    );
    expect(answers.map((answer) => Number(answer.text))).toEqual(numbers);
  });
});

/** The usage tables on the real engine: what one insert into the landing table does to raw rows and rollups. */
import { describe, expect, test } from '@jest/globals';
import { TABLE_COLUMNS, USAGE_COLUMNS } from '../../schema/rows.ts';
import { freshTables, type TestEngine } from './engine.ts';
import { anEvent, aRow, encodeRows, type TestRow, voided } from './usage-rows.ts';

const TABLES = ['usage_events', 'usage_quarter_hours', 'usage_days'] as const;
const SUMS = [
  'events',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cost',
  'uncovered',
];

let engine: TestEngine;
let database: string;
freshTables((fresh, name) => {
  engine = fresh;
  database = name;
});

/** As the flusher inserts a block. */
const insertBlock = (rows: readonly TestRow[], token: string) =>
  engine.insertRowBinary(`${database}.usage_landing`, USAGE_COLUMNS, encodeRows(rows), {
    async_insert: 0,
    insert_deduplication_token: token,
    deduplicate_blocks_in_dependent_materialized_views: 1,
  });

const sumsOf = async (table: string): Promise<Record<string, number>> => {
  const bonus = table === 'usage_events' ? 'sum(from_bonus)' : 'sum(bonus)';
  const monthly = table === 'usage_events' ? 'sum(from_previous + from_monthly)' : 'sum(monthly)';
  const sums = SUMS.map((column) => `sum(${column}) AS ${column}`).join(', ');
  const [row] = await engine.rows<Record<string, number>>(
    `SELECT ${sums}, ${monthly} AS monthly, ${bonus} AS bonus FROM (SELECT * FROM ${table})`,
  );
  return row!;
};

const EXPECTED_OF_ONE = {
  events: 1,
  input_tokens: 1000,
  output_tokens: 500,
  cache_read_tokens: 30,
  cache_write_tokens: 4,
  cost: 10_500,
  uncovered: 100,
  monthly: 10_000,
  bonus: 400,
};
const times = (n: number) =>
  Object.fromEntries(Object.entries(EXPECTED_OF_ONE).map(([key, value]) => [key, value * n]));

describe('one insert of RowBinary rows', () => {
  test('lands as it was written, every column', async () => {
    const event = anEvent({
      keySource: 'byok',
      attributes: [
        ['region', 'Zürich'],
        ['trace', ''],
      ],
    });
    await insertBlock([aRow({ event })], 'one');
    const rows = await engine.rows('SELECT * FROM usage_events');
    expect(rows).toEqual([
      {
        event_id: 'call-1',
        account_id: 'acct-1',
        server_id: 'srv-1',
        model_sent: 'sonnet',
        key_source: 'byok',
        occurred_at: '2026-12-01 10:29:59.999',
        input_tokens: 1000,
        output_tokens: 500,
        cache_read_tokens: 30,
        cache_write_tokens: 4,
        attributes: { region: 'Zürich', trace: '' },
        model: 'claude-sonnet-4.5',
        price_version: '2026-11-01',
        cost: 10_500,
        local_day: '2026-12-02',
        cycle: 3,
        position: 0,
        from_previous: 0,
        from_monthly: 10_000,
        from_bonus: 400,
        uncovered: 100,
        monthly_after: 2 ** 53 - 1,
        bonus_after: 25_000_000,
        paying_cycle: 3,
        events: 1,
        sequence: 1,
        committed_at: '2026-12-01 10:30:01.499',
        block: 1,
      },
    ]);
  });

  test('feeds both rollups with the same sums, under their keys', async () => {
    const late = anEvent({ id: 'call-2', occurredAt: Date.UTC(2026, 11, 1, 10, 30) });
    const other = anEvent({ id: 'call-3', serverId: 'srv-2' });
    await insertBlock([aRow(), aRow(), aRow({ event: late }), aRow({ event: other, block: 1 })], 'four');
    for (const table of TABLES) expect(await sumsOf(table)).toEqual(times(4));
    const quarters = await engine.rows(
      'SELECT server_id, quarter_hour, cycle, sum(events) AS n FROM usage_quarter_hours GROUP BY ALL ORDER BY ALL',
    );
    expect(quarters).toEqual([
      { server_id: 'srv-1', quarter_hour: '2026-12-01 10:15:00', cycle: 3, n: 2 },
      { server_id: 'srv-1', quarter_hour: '2026-12-01 10:30:00', cycle: 3, n: 1 },
      { server_id: 'srv-2', quarter_hour: '2026-12-01 10:15:00', cycle: 3, n: 1 },
    ]);
    const days = await engine.rows(
      'SELECT account_id, cycle, local_day, server_id, model, key_source, sum(events) AS n FROM usage_days GROUP BY ALL ORDER BY ALL',
    );
    const day = {
      account_id: 'acct-1',
      cycle: 3,
      local_day: '2026-12-02',
      model: 'claude-sonnet-4.5',
      key_source: 'platform',
    };
    expect(days).toEqual([
      { ...day, server_id: 'srv-1', n: 3 },
      { ...day, server_id: 'srv-2', n: 1 },
    ]);
  });

  test('has one effect everywhere when it is sent again under its token, over several months', async () => {
    const november = anEvent({ id: 'call-2', occurredAt: Date.UTC(2026, 10, 30, 23, 59) });
    const rows = [aRow(), aRow({ event: november, derived: { ...aRow().derived, localDay: 20_787 } })];
    await insertBlock(rows, 'block-1');
    await insertBlock(rows, 'block-1');
    for (const table of TABLES) expect(await sumsOf(table)).toEqual(times(2));
    await insertBlock(rows, 'block-2');
    for (const table of TABLES) expect(await sumsOf(table)).toEqual(times(4));
  });
});

describe('a void', () => {
  test('brings every sum to zero, and no row loses its block mark in merges', async () => {
    const row = aRow();
    await insertBlock([row], 'charge');
    await insertBlock([voided(row, 2, 7)], 'void');
    for (const table of TABLES) await engine.client.command({ query: `OPTIMIZE TABLE ${table} FINAL` });
    for (const table of TABLES) expect(await sumsOf(table)).toEqual(times(0));
    for (const table of ['usage_quarter_hours', 'usage_days']) {
      expect(await engine.rows(`SELECT events, cost, block FROM ${table}`)).toEqual([{ events: 0, cost: 0, block: 7 }]);
    }
    expect(await engine.rows('SELECT block, events FROM usage_events ORDER BY block')).toEqual([
      { block: 1, events: 1 },
      { block: 7, events: -1 },
    ]);
  });
});

describe('the tables', () => {
  test.each(Object.entries(TABLE_COLUMNS))('%s has the columns of its constant, in order', async (table, columns) => {
    const found = await engine.rows<{ name: string; filled: number }>(
      `SELECT name, default_kind != '' AS filled FROM system.columns
       WHERE database = '${database}' AND table = '${table}' ORDER BY position`,
    );
    const names = found.map((column) => column.name);
    expect(names.slice(0, columns.length)).toEqual([...columns]);
    // What an inserter does not name fills itself in.
    expect(found.slice(columns.length).every((column) => column.filled === 1)).toBe(true);
  });

  test('every table that is inserted into or fed remembers tokens, and is on disk when the insert returns', async () => {
    const tables = await engine.rows<{ name: string; create_table_query: string }>(
      `SELECT name, create_table_query FROM system.tables
       WHERE database = '${database}' AND engine LIKE '%MergeTree' ORDER BY name`,
    );
    // Those that are inserted into but for the landing table, two rollups, and the migrations.
    expect(tables).toHaveLength(Object.keys(TABLE_COLUMNS).length + 2);
    const forgetful = tables.filter(
      ({ create_table_query: sql }) => !/non_replicated_deduplication_window = \d{4,}/.test(sql),
    );
    expect(forgetful.map((table) => table.name)).toEqual([]);
    const unsynced = tables.filter(
      ({ create_table_query: sql }) => !/fsync_after_insert = 1, fsync_part_directory = 1/.test(sql),
    );
    // Their rows can be written again from the files and the book.
    expect(unsynced.map((table) => table.name)).toEqual(['schema_migrations']);
  });

  test('look-ups use the indexes made for them', async () => {
    await insertBlock(
      Array.from({ length: 3 }, (_, i) => aRow({ event: anEvent({ id: `call-${i}` }) })),
      'some',
    );
    const indexesOf = async (where: string, table: string): Promise<string> => {
      const rows = await engine.rows<{ explain: string }>(
        `EXPLAIN indexes = 1 SELECT count() FROM ${table} WHERE ${where}`,
      );
      return rows.map((row) => row.explain).join('\n');
    };
    const pair = await indexesOf(
      "(account_id, event_id) IN (('acct-1', 'call-1'), ('acct-2', 'call-9'))",
      'usage_events',
    );
    expect(pair).toContain('event_id_bloom');
    expect(pair).toMatch(/PrimaryKey\s+Keys:\s+account_id/);
    for (const table of TABLES) expect(await indexesOf('block >= 2', table)).toContain('block_minmax');
  });
});

/**
 * Marks: what each table has of one block, asked of the tables themselves and never of ClickHouse's memory of tokens
 * (killed between the token's log and the part's rename, it acknowledges the second insert and drops it).
 *
 * Rows that are sent as they are (raw usage, ledger entries, …) carry the block's number, so their count is exact.
 * A rollup row carries the newest block that touched its key, so `block >= N` in a month is true exactly when the
 * part of block N for that month landed:
 * - a part of block N has block = N in all its rows, and merging only takes the maximum of rows with one key;
 * - no later block can raise it, because N+1 is not sent before N is trimmed (so N is the newest, which is checked),
 *   and no earlier block can reach N;
 * - one insert makes one part a month (the settings in store.ts see to it), and a part appears whole or not at all.
 * Two blocks in flight would break the second point.
 */
import { PermanentError } from '../../core/errors.ts';
import { BLOCKS_PER_PARTITION } from './limits.ts';
import type { FlushStore } from './store.ts';
import type { FlushTable } from './tables.ts';

/** Rows by month (YYYYMM). */
export type Months = ReadonlyMap<number, number>;

/** How many rows of the block the table has, by month. */
export async function rowsThere(store: FlushStore, table: FlushTable, block: number): Promise<Months> {
  const rows = await store.ask<{ month: number; rows: string }>(
    `SELECT toUInt32(${table.month}) AS month, toString(count()) AS rows FROM ${table.target}
     WHERE block = {block: UInt64} GROUP BY month`,
    { block },
  );
  return new Map(rows.map(({ month, rows }) => [Number(month), Number(rows)]));
}

/** A rollup fed by the landing table, as ClickHouse itself describes it: there is one definition, the view's. */
export type Rollup = {
  readonly table: string;
  readonly columns: readonly string[];
  /** The table's partition of a row, in SQL, over the view's columns. */
  readonly month: string;
  /** The view's SELECT, reading the raw rows of a block (parameter `block`) instead of the landing table. */
  readonly select: (block: number) => string;
};

/** Every rollup of the landing table; the view that copies raw rows is none. */
export async function rollups(store: FlushStore, usage: FlushTable): Promise<Rollup[]> {
  const tables = await store.ask<{ name: string; engine: string; key: string; query: string; definition: string }>(
    `SELECT name, engine, partition_key AS key, as_select AS query, create_table_query AS definition
     FROM system.tables WHERE database = currentDatabase() ORDER BY name`,
  );
  const columns = await store.ask<{ table: string; name: string }>(
    'SELECT table, name FROM system.columns WHERE database = currentDatabase() ORDER BY table, position',
  );
  const landing = new RegExp(`\\bFROM\\s+(?:[\\w\`]+\\.)?\`?${usage.landing}\`?(?![\\w\`])`, 'g');
  return tables.flatMap(({ name: view, engine, query, definition }) => {
    const found = engine === 'MaterializedView' ? query.match(landing) : null;
    const table = /\sTO\s+(?:[\w`]+\.)?`?(\w+)`?/.exec(definition)?.[1];
    if (found === null || table === usage.target) return [];
    const month = tables.find(({ name }) => name === table)?.key;
    if (found.length !== 1 || table === undefined || !month) {
      throw new PermanentError(
        'rollup-unknown',
        `The view ${view} cannot be repaired: it must read ${usage.landing} once and write to a table with months as partitions.`,
      );
    }
    const raw = (block: number) => `FROM (SELECT * FROM ${usage.target} WHERE block = ${block})`;
    const ofView = columns.filter((column) => column.table === view).map(({ name }) => name);
    return [{ table, columns: ofView, month, select: (block: number) => query.replace(landing, raw(block)) }];
  });
}

/** Months in which the rollup has block N. Throws PermanentError when it has a newer one of the partition. */
export async function rollupMonths(store: FlushStore, rollup: Rollup, block: number): Promise<ReadonlySet<number>> {
  const end = (Math.floor(block / BLOCKS_PER_PARTITION) + 1) * BLOCKS_PER_PARTITION;
  const rows = await store.ask<{ month: number; newest: string }>(
    `SELECT toUInt32(${rollup.month}) AS month, toString(max(block)) AS newest FROM ${rollup.table}
     WHERE block >= {block: UInt64} AND block < {end: UInt64} GROUP BY month`,
    { block, end },
  );
  for (const { newest } of rows) if (Number(newest) > block) throw ahead(rollup.table, Number(newest), block);
  return new Set(rows.map(({ month }) => Number(month)));
}

/** Months that the raw rows of the block make in the rollup. */
export async function rollupMonthsDue(store: FlushStore, rollup: Rollup, block: number): Promise<ReadonlySet<number>> {
  const rows = await store.ask<{ month: number }>(
    `SELECT DISTINCT toUInt32(${rollup.month}) AS month FROM (${rollup.select(block)}) ORDER BY month`,
  );
  return new Set(rows.map(({ month }) => Number(month)));
}

/** ClickHouse has rows of a block that Redis has not sealed yet: one of the two is not what it was. */
export function ahead(table: string, newest: number, block: number): PermanentError {
  return new PermanentError(
    'clickhouse-ahead',
    `ClickHouse has block ${newest} in ${table}, but this ledger is only at block ${block}: Redis went back in time, or ` +
      'another ledger writes to this database. Nothing was sent.',
  );
}

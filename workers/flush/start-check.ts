/**
 * What must hold before the first block of a lease is sealed: no table has rows of a later block. A Redis that went
 * back to before a seal would give its number to other rows, and the marks would take them for these.
 */
import { BLOCKS_PER_PARTITION } from './limits.ts';
import { ahead, rollups } from './marks.ts';
import type { FlushStore } from './store.ts';
import { FLUSH_TABLES, USAGE } from './tables.ts';

/** Throws PermanentError `clickhouse-ahead` when any table has a block of this partition after `before`. */
export async function assertNotAhead(store: FlushStore, before: number): Promise<void> {
  const end = (Math.floor(before / BLOCKS_PER_PARTITION) + 1) * BLOCKS_PER_PARTITION;
  const tables = [
    ...FLUSH_TABLES.map(({ target }) => target),
    ...(await rollups(store, USAGE)).map(({ table }) => table),
  ];
  const query = tables.map(
    (table) => `SELECT '${table}' AS name, toString(max(block)) AS newest FROM ${table}
      WHERE block > {before: UInt64} AND block < {end: UInt64}`,
  );
  for (const { name, newest } of await store.ask<{ name: string; newest: string }>(query.join(' UNION ALL '), {
    before,
    end,
  })) {
    if (Number(newest) > before) throw ahead(name, Number(newest), before);
  }
}

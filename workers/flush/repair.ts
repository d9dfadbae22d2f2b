/**
 * Repair: makes a table have exactly the rows of a block, whatever became of earlier attempts.
 * Used at start for a block that was sealed, and after any insert that was not acknowledged. Nothing of the block in
 * any of its tables: it is sent as always, under its token, because an earlier attempt might still come through; then
 * the tables are asked again. Something there: only what is missing is written, past token and views.
 * Every step may be cut off anywhere: the next repair asks again.
 */
import { PermanentError, TransientError } from '../../core/errors.ts';
import { type Block, sentChunks, sentRows } from './block.ts';
import { type Months, rollupMonths, rollupMonthsDue, rollups, rowsThere } from './marks.ts';
import type { FlushStore } from './store.ts';
import { type FlushTable, USAGE } from './tables.ts';

export type Repair = {
  readonly store: FlushStore;
  readonly label: string;
  readonly token: string;
  /** Throws when this process may not send any more. Called before everything that is sent. */
  readonly assertHeld: () => void;
};

/** What was written: `nothing`, the whole block as always, or what was missing (`table month`). */
export type Repaired = { readonly sent: boolean; readonly missing: readonly string[] };

/** Brings the block's rows of one table (for usage: and its rollups) to be there exactly once. */
export async function repairTable(repair: Repair, block: Block, table: FlushTable): Promise<Repaired> {
  const due = monthsOf(block, table);
  if (due.size === 0) return { sent: false, missing: [] };
  await assertQuiet(repair);
  let sent = false;
  if (await isUntouched(repair.store, block, table)) {
    repair.assertHeld();
    await repair.store.insertOnce(table, sentChunks(block, table), repair.token, repair.label);
    sent = true;
  }
  const missing = await writeMissing(repair, block, table, due);
  if (missing.length > 0 && (await writeMissing(repair, block, table, due)).length > 0) {
    throw new TransientError(
      'block-not-visible',
      `Rows of block ${block.seal.block} do not show in ${table.target} after their insert.`,
    );
  }
  return { sent, missing };
}

/** An attempt that still runs may commit at any moment: nothing can be said of what is missing until it has ended. */
async function assertQuiet({ store, label }: Repair): Promise<void> {
  const [running] = await store.ask<{ queries: string }>(
    `SELECT toString(count()) AS queries FROM system.processes WHERE Settings['log_comment'] = {label: String}`,
    { label },
  );
  if (Number(running?.queries ?? 0) > 0) {
    throw new TransientError('insert-still-running', 'An earlier insert of the block is still running in ClickHouse.');
  }
}

async function isUntouched(store: FlushStore, { seal }: Block, table: FlushTable): Promise<boolean> {
  if ((await rowsThere(store, table, seal.block)).size > 0) return false;
  if (table !== USAGE) return true;
  for (const rollup of await rollups(store, table)) {
    if ((await rollupMonths(store, rollup, seal.block)).size > 0) return false;
  }
  return true;
}

/** Writes the months that are missing, raw rows first, since the rollups are made from them. Returns what it wrote. */
async function writeMissing(repair: Repair, block: Block, table: FlushTable, due: Months): Promise<string[]> {
  const written: string[] = [];
  const there = await rowsThere(repair.store, table, block.seal.block);
  assertWhole(block, table, due, there);
  const missing = [...due.keys()].filter((month) => !there.has(month));
  if (missing.length > 0) {
    const rows = sentRows(block, table);
    for (const month of missing) {
      repair.assertHeld();
      const chunk = Buffer.concat(rows.filter((row) => row.month === month).map(({ bytes }) => bytes));
      await repair.store.insertMissing(table, [chunk], repair.label);
      written.push(`${table.target} ${month}`);
    }
  }
  return table === USAGE ? [...written, ...(await writeMissingRollups(repair, block.seal.block))] : written;
}

async function writeMissingRollups(repair: Repair, block: number): Promise<string[]> {
  const written: string[] = [];
  for (const rollup of await rollups(repair.store, USAGE)) {
    const there = await rollupMonths(repair.store, rollup, block);
    for (const month of await rollupMonthsDue(repair.store, rollup, block)) {
      if (there.has(month)) continue;
      repair.assertHeld();
      const columns = rollup.columns.map((column) => `\`${column}\``).join(', ');
      const select = `SELECT ${columns} FROM (${rollup.select(block)}) WHERE ${rollup.month} = ${month}`;
      await repair.store.selectMissing(`INSERT INTO ${rollup.table} (${columns}) ${select}`, repair.label);
      written.push(`${rollup.table} ${month}`);
    }
  }
  return written;
}

/** A month of an insert is there whole or not at all. Anything else is no damage this program knows how to mend. */
function assertWhole({ seal }: Block, table: FlushTable, due: Months, there: Months): void {
  for (const [month, rows] of there) {
    if (due.get(month) === rows) continue;
    throw new PermanentError(
      'block-mismatch',
      `${table.target} has ${rows} rows of block ${seal.block} in month ${month}, and the block has ${due.get(month) ?? 0}: ` +
        'somebody else wrote or removed rows. Nothing was repaired or trimmed.',
    );
  }
}

function monthsOf(block: Block, table: FlushTable): Months {
  const months = new Map<number, number>();
  for (const { month } of sentRows(block, table)) months.set(month, (months.get(month) ?? 0) + 1);
  return months;
}

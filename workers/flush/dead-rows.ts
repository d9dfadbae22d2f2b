/**
 * The dead letters `unflushable`: one for each row that ClickHouse refused, with the words it used.
 * The money of such a row has been moved by its commit; the letter keeps the row so that a person can bring it back.
 * Contact data goes into no dead letter, and neither do words about it: ClickHouse quotes what it could not read.
 */
import { createHash } from 'node:crypto';
import type { RefusedRow } from '../../ledger/seal.ts';
import { REFUSED_BODY_BYTES_MAX } from './limits.ts';
import { instant } from './line-rows.ts';
import { monthOf, type Row } from './row.ts';
import { type FlushTable, USAGE } from './tables.ts';

/** The rows of dead_letters that stand for the refused rows of one table. */
export function deadRows(
  table: FlushTable,
  rows: readonly Row[],
  refused: readonly RefusedRow[],
  block: number,
): Row[] {
  return refused.map(({ row: index, code, words }) => {
    const row = rows[index]!;
    const isPersonal = table.field === 'contacts';
    const letter = {
      key: createHash('sha256').update(`unflushable\n${table.name}\n${row.entry.sequence}\n${index}`).digest('hex'),
      account_id: row.accountId,
      id: row.id,
      kind: table === USAGE ? 'event' : 'command',
      reason: 'unflushable',
      field: table.name,
      detail: isPersonal ? `ClickHouse refused the row (${code}).` : `ClickHouse refused the row (${code}): ${words}`,
      body: JSON.stringify({ table: table.name, row: index, ...(isPersonal ? {} : kept(table, row.source)) }),
      queued_at: instant(row.entry.at),
      sequence: String(row.entry.sequence),
      committed_at: instant(row.entry.at),
      block: String(block),
    };
    const bytes = Buffer.from(`${JSON.stringify(letter, wellFormed)}\n`);
    return { ...row, bytes, source: bytes, month: monthOf(row.entry.at) };
  });
}

/** What a refused row says of itself may be the very reason why it was refused. */
const wellFormed = (_: string, value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed() : value);

function kept(table: FlushTable, source: Buffer): object {
  const bytes = source.subarray(0, REFUSED_BODY_BYTES_MAX);
  return table === USAGE ? { base64: bytes.toString('base64') } : { text: bytes.toString('utf8') };
}

/**
 * Usage rows of a block as RowBinary: the body as the worker encoded it, the split as the commit packed it, and the
 * tail (sequence, clock of the commit, block), which is all that is added here.
 * `encodeUsage` is the way of every block: three copies a row. `usageRows` gives the same bytes row by row, for what is
 * rare: the repair of one month, and the search for a row that ClickHouse refuses.
 */
import { PermanentError } from '../../core/errors.ts';
import type { OutboxEntry } from '../../ledger/outbox.ts';
import { SPLIT_BYTES, TAIL_BYTES } from '../../schema/rows.ts';
import { decodeUsageBody } from '../../schema/usage-body.ts';
import { CHUNK_BYTES } from './limits.ts';
import { monthOf, type Row } from './row.ts';

const LENGTH_BYTES = 4;
const ADDED_BYTES = SPLIT_BYTES + TAIL_BYTES - LENGTH_BYTES;

/** How many usage rows an entry holds. Throws PermanentError when its two fields do not fit together. */
export function usageCount(entry: OutboxEntry): number {
  const count = entry.splits.length / SPLIT_BYTES;
  if (!Number.isInteger(count)) throw malformed(entry);
  return count;
}

/** All usage rows of the entries, in order, in pieces of about CHUNK_BYTES. Throws PermanentError on a broken entry. */
export function encodeUsage(entries: readonly OutboxEntry[], block: number): Buffer[] {
  const chunks: Buffer[] = [];
  let from = 0;
  while (from < entries.length) {
    let bytes = 0;
    let to = from;
    for (; to < entries.length && bytes < CHUNK_BYTES; to += 1) {
      bytes += entries[to]!.usage.length + ADDED_BYTES * usageCount(entries[to]!);
    }
    if (bytes > 0) {
      const chunk = Buffer.allocUnsafeSlow(bytes);
      let at = 0;
      for (; from < to; from += 1) at = encodeEntry(chunk, at, entries[from]!, block);
      chunks.push(chunk);
    }
    from = to;
  }
  return chunks;
}

function encodeEntry(out: Buffer, start: number, entry: OutboxEntry, block: number): number {
  const { usage, splits } = entry;
  const count = usageCount(entry);
  const tail = tailOf(entry, block);
  let from = 0;
  let at = start;
  for (let i = 0; i < count; i += 1) {
    if (from + LENGTH_BYTES > usage.length) throw malformed(entry);
    const body = usage.readUInt32LE(from);
    from += LENGTH_BYTES;
    if (from + body > usage.length) throw malformed(entry);
    usage.copy(out, at, from, from + body);
    from += body;
    at += body;
    splits.copy(out, at, i * SPLIT_BYTES, (i + 1) * SPLIT_BYTES);
    at += SPLIT_BYTES;
    tail.copy(out, at, 0, TAIL_BYTES);
    at += TAIL_BYTES;
  }
  if (from !== usage.length) throw malformed(entry);
  return at;
}

/** The same rows one by one, with the month that each lands in. */
export function usageRows(entries: readonly OutboxEntry[], block: number): Row[] {
  const rows: Row[] = [];
  for (const entry of entries) {
    const tail = tailOf(entry, block);
    let from = 0;
    for (let i = 0; i < usageCount(entry); i += 1) {
      const end = from + LENGTH_BYTES + entry.usage.readUInt32LE(from);
      const body = entry.usage.subarray(from + LENGTH_BYTES, end);
      const bytes = Buffer.concat([body, entry.splits.subarray(i * SPLIT_BYTES, (i + 1) * SPLIT_BYTES), tail]);
      rows.push({ bytes, source: body, entry, ...named(body) });
      from = end;
    }
  }
  return rows;
}

/** What can be read of a body. One that cannot be read is refused by ClickHouse as well; it lands nowhere. */
function named(body: Buffer): Pick<Row, 'month' | 'accountId' | 'id'> {
  try {
    const { event, end } = decodeUsageBody(body);
    if (end !== body.length) throw new RangeError('The body is longer than its columns.');
    return { month: monthOf(event.occurredAt), accountId: event.accountId, id: event.id };
  } catch (error) {
    if (error instanceof RangeError) return { month: 0, accountId: '', id: '' };
    throw error;
  }
}

function tailOf(entry: OutboxEntry, block: number): Buffer {
  const tail = Buffer.alloc(TAIL_BYTES);
  tail.writeBigUInt64LE(BigInt(entry.sequence), 0);
  tail.writeBigInt64LE(BigInt(entry.at), 8);
  tail.writeBigUInt64LE(BigInt(block), 16);
  return tail;
}

function malformed(entry: OutboxEntry): PermanentError {
  return new PermanentError(
    'outbox-entry-malformed',
    `Outbox entry ${entry.sequence} is malformed: its usage bodies and their splits do not match. Nothing was trimmed.`,
  );
}

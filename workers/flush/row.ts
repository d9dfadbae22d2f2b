/** One row of a block as it is sent, with what the repair and a dead letter need to know of it. */
import type { OutboxEntry } from '../../ledger/outbox.ts';

export type Row = {
  /** As sent, in the table's format. */
  readonly bytes: Buffer;
  /** As it stood in the outbox: what its dead letter keeps. */
  readonly source: Buffer;
  readonly entry: OutboxEntry;
  /** YYYYMM in UTC of the partition it lands in; 0 where it cannot be read, and in a table without partitions. */
  readonly month: number;
  /** Empty where they cannot be read. */
  readonly accountId: string;
  readonly id: string;
};

/** YYYYMM in UTC, as toYYYYMM gives it. */
export function monthOf(ms: number): number {
  const date = new Date(ms);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

/**
 * The tables of a block, in the order they are written, and what to know of each: where its rows come from, how they
 * are sent, and how to ask what of a block is there. Dead letters come after everything that can be refused, because
 * each refused row becomes one; the record of the block comes last: where it is, everything else is.
 */
import type { LineField } from '../../ledger/outbox.ts';
import { TABLE_COLUMNS, USAGE_COLUMNS } from '../../schema/rows.ts';

export type FlushTable = {
  /** Name in seals, tokens, signals and dead letters. */
  readonly name: 'usage' | Exclude<keyof typeof TABLE_COLUMNS, 'usage_landing' | 'usage_events'>;
  /** Where a whole block is sent, and where its rows end up: the same but for usage. */
  readonly landing: string;
  readonly target: string;
  readonly columns: readonly string[];
  readonly format: 'RowBinary' | 'TabSeparatedRaw' | 'JSONEachRow';
  /** The lines of an outbox entry that are its rows. */
  readonly field?: LineField;
  /** The table's partition of a row, in SQL: each partition of an insert is there whole or not at all. */
  readonly month: string;
};

const COMMIT_MONTH = 'toYYYYMM(committed_at)';

const lineTable = (name: Exclude<FlushTable['name'], 'usage'>, field: LineField): FlushTable => ({
  name,
  landing: name,
  target: name,
  columns: TABLE_COLUMNS[name],
  format: field === 'entries' ? 'TabSeparatedRaw' : 'JSONEachRow',
  field,
  month: COMMIT_MONTH,
});

export const USAGE: FlushTable = {
  name: 'usage',
  landing: 'usage_landing',
  target: 'usage_events',
  columns: USAGE_COLUMNS,
  format: 'RowBinary',
  month: 'toYYYYMM(occurred_at)',
};

export const LEDGER_ENTRIES = lineTable('ledger_entries', 'entries');

/** Made here out of the block's usage and entries, after both: what of them is refused is known by then. */
export const LEDGER_CHAIN: FlushTable = {
  name: 'ledger_chain',
  landing: 'ledger_chain',
  target: 'ledger_chain',
  columns: TABLE_COLUMNS.ledger_chain,
  format: 'RowBinary',
  month: COMMIT_MONTH,
};

export const DEAD_LETTERS = lineTable('dead_letters', 'dead');

export const FLUSHED_BLOCKS: FlushTable = {
  name: 'flushed_blocks',
  landing: 'flushed_blocks',
  target: 'flushed_blocks',
  columns: TABLE_COLUMNS.flushed_blocks,
  format: 'JSONEachRow',
  // Not partitioned.
  month: 'toUInt32(0)',
};

export const FLUSH_TABLES: readonly FlushTable[] = [
  USAGE,
  LEDGER_ENTRIES,
  LEDGER_CHAIN,
  lineTable('account_history', 'history'),
  lineTable('account_contacts', 'contacts'),
  lineTable('alert_history', 'alerts'),
  lineTable('mail_history', 'mails'),
  lineTable('parked_events', 'parked'),
  lineTable('released_events', 'released'),
  lineTable('redriven_letters', 'redriven'),
  DEAD_LETTERS,
  FLUSHED_BLOCKS,
];

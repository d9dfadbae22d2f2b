/**
 * Rows of the tables that are written as lines: ledger entries (tab-separated, three columns added) and those that the
 * commit left as JSON (camelCase keys become the table's columns; a table with a `position` gets the line's place in it).
 * A line that cannot be read is passed on as something ClickHouse refuses, so that it becomes a dead letter like any
 * other refused row instead of stopping the flush.
 */
import type { OutboxEntry } from '../../ledger/outbox.ts';
import { monthOf, type Row } from './row.ts';
import type { FlushTable } from './tables.ts';

const NEWLINE = 0x0a;
/** No format takes this for a row. */
const UNREADABLE = Buffer.from('unreadable\n');
/** Columns that hold an instant, in the JSON lines as ms. */
const INSTANTS = new Set(['at', 'queued_at']);

/** How many lines an entry has for a table. */
export function lineCount(entry: OutboxEntry, table: FlushTable): number {
  const lines = table.field === undefined ? undefined : entry.lines[table.field];
  if (lines === undefined) return 0;
  let count = 1;
  for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

/** The rows of a table of lines, in the order of the commits. */
export function lineRows(entries: readonly OutboxEntry[], table: FlushTable, block: number): Row[] {
  const rows: Row[] = [];
  for (const entry of entries) {
    const lines = table.field === undefined ? undefined : entry.lines[table.field];
    if (lines === undefined) continue;
    const month = monthOf(entry.at);
    const tail = [String(entry.sequence), instant(entry.at), String(block)];
    for (const [position, line] of lines.toString('utf8').split('\n').entries()) {
      const source = Buffer.from(line);
      const row = table.format === 'TabSeparatedRaw' ? tabRow(line, tail) : jsonRow(line, table, position, tail);
      rows.push({ month, entry, source, ...row });
    }
  }
  return rows;
}

type Encoded = Pick<Row, 'bytes' | 'accountId' | 'id'>;

/** No blank line may ever be sent: an engine may take what follows it for SQL. */
function tabRow(line: string, tail: readonly string[]): Encoded {
  const [accountId = ''] = line.split('\t', 1);
  if (line === '') return { bytes: UNREADABLE, accountId: '', id: '' };
  return { bytes: Buffer.from(`${line}\t${tail.join('\t')}\n`), accountId, id: '' };
}

function jsonRow(line: string, table: FlushTable, position: number, tail: readonly string[]): Encoded {
  const record = parseObject(line);
  if (record === undefined) return { bytes: UNREADABLE, accountId: '', id: '' };
  const row: Record<string, unknown> = {};
  for (const column of table.columns) row[column] = cell(column, record[camelCase(column)]);
  if (table.columns.includes('position')) row.position = position;
  [row.sequence, row.committed_at, row.block] = tail;
  return {
    bytes: Buffer.from(`${JSON.stringify(row)}\n`),
    accountId: String(row.account_id),
    id: String(row.id ?? row.command_id ?? row.alert_id ?? row.intent_id ?? ''),
  };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Instants as date and time in UTC; texts as they are; JSON inside JSON as its text; lists as lists. */
function cell(column: string, value: unknown): unknown {
  if (value === undefined || value === null)
    return column === 'recipients' ? [] : INSTANTS.has(column) ? instant(0) : '';
  if (INSTANTS.has(column)) return typeof value === 'number' ? instant(value) : value;
  return typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : value;
}

/** `2026-11-30 23:59:00.000`, in UTC as all columns are. A number would do from 1973 on only: short ones are no times. */
export function instant(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, -1);
}

const camelCase = (column: string): string => column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

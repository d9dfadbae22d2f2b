/** Aligned tables without borders, and colours where the stream is a terminal that wants them. */
import { styleText } from 'node:util';
import Table from 'cli-table3';

export interface Column<Row> {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly align?: 'left' | 'right';
  readonly cell: (row: Row) => string;
}

const NO_BORDER = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const;

/** The rows under their titles, one line each, without blanks at the ends of lines. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const made = new Table({
    head: columns.map((column) => styled('dim', column.title)),
    colAligns: columns.map((column) => column.align ?? 'left'),
    chars: NO_BORDER,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) made.push(columns.map((column) => column.cell(row)));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

export type Style = 'dim' | 'bold' | 'red' | 'yellow' | 'green' | 'cyan';

/** Colours a text for standard output; plain when it is no terminal, or NO_COLOR is set. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout, validateStream: true });
}

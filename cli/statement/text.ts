/** A statement for the terminal. */
import { cellText, localTime, showCount, showCredits } from '../terminal/format.ts';
import { styled, table } from '../terminal/table.ts';
import { type Amounts, type Statement, type StatementUsage, totalOf } from './build.ts';
import { costOf } from './shape.ts';
import { detailOf, labelOf, NOTE, periodOf, verdictOf } from './words.ts';

const ID_CHARS_MAX = 40;
const DETAIL_CHARS_MAX = 60;

export function statementText(statement: Statement): string {
  const { accountId, cycle, usage, mismatches } = statement;
  const head = `${styled('bold', `Statement of ${accountId}, cycle ${cycle}`)}\n${periodOf(statement)}`;
  const verdict = verdictOf(statement).join('\n');
  return [
    head,
    balances(statement),
    usage.length === 0 ? 'No usage.' : `${usageTable(usage)}\n${styled('dim', NOTE)}`,
    mismatches.length === 0 ? styled('green', verdict) : styled('red', verdict),
  ].join('\n\n');
}

interface Shown extends Amounts {
  readonly at: string;
  readonly label: string;
  readonly detail: string;
  /** A balance, and not a change. */
  readonly isBalance: boolean;
}

function balances({ opening, lines, closing, timeZone, isOver }: Statement): string {
  const rows: Shown[] = [
    { ...opening, at: '', label: 'opening', detail: '', isBalance: true },
    ...lines.map((line) => ({
      ...line,
      at: line.at === undefined ? '' : localTime(line.at, timeZone).slice(0, 19),
      label: labelOf(line),
      detail: cellText(detailOf(line), DETAIL_CHARS_MAX),
      isBalance: false,
    })),
    { ...closing, at: '', label: isOver ? 'closing' : 'now', detail: '', isBalance: true },
  ];
  const amount = (part: keyof Amounts) => (row: Shown) =>
    row.isBalance ? styled('bold', showCredits(row[part])) : signed(row[part]);
  return table<Shown>(
    [
      { title: '', cell: (row) => (row.isBalance ? styled('bold', row.label) : row.label) },
      { title: 'AT', cell: (row) => row.at },
      { title: 'MONTHLY', align: 'right', cell: amount('monthly') },
      { title: 'BONUS', align: 'right', cell: amount('bonus') },
      { title: 'UNCOVERED', align: 'right', cell: amount('uncovered') },
      { title: '', cell: (row) => row.detail },
    ],
    rows,
  );
}

function usageTable(usage: readonly StatementUsage[]): string {
  const events = usage.reduce((sum, one) => sum + one.events, 0);
  const total = { ...totalOf(usage), serverId: 'all', model: '', events };
  const amount = (title: string, of: (one: Amounts) => bigint) => ({
    title,
    align: 'right' as const,
    cell: (one: StatementUsage) => showCredits(of(one)),
  });
  return table<StatementUsage>(
    [
      { title: 'SERVER', cell: (one) => cellText(one.serverId, ID_CHARS_MAX) },
      { title: 'MODEL', cell: (one) => cellText(one.model, ID_CHARS_MAX) },
      { title: 'CALLS', align: 'right', cell: (one) => showCount(one.events) },
      amount('CREDITS', costOf),
      amount('MONTHLY', (one) => one.monthly),
      amount('BONUS', (one) => one.bonus),
      amount('UNCOVERED', (one) => one.uncovered),
    ],
    [...usage, total],
  );
}

const signed = (micros: bigint): string => (micros === 0n ? '' : `${micros > 0n ? '+' : ''}${showCredits(micros)}`);

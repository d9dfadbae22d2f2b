/**
 * A statement for spreadsheets: one table, every row with its account and cycle, credits as plain decimals. A text that
 * a spreadsheet would take for a formula gets an apostrophe in front.
 */
import { formatCredits } from '../../core/money.ts';
import { isoTime } from '../terminal/format.ts';
import type { Amounts, Statement } from './build.ts';

const COLUMNS = [
  ...['account', 'cycle', 'section', 'kind', 'at', 'ref', 'note', 'server', 'model', 'count'],
  ...['monthly', 'bonus', 'uncovered'],
] as const;

type Cells = Readonly<Partial<Record<(typeof COLUMNS)[number], string | number>>>;

/** RFC 4180: lines end with CR LF. */
export function statementCsv({ accountId, cycle, opening, lines, closing, usage }: Statement): string {
  const balance = (kind: string, amounts: Amounts): Cells => ({ section: 'balance', kind, ...creditsOf(amounts) });
  const rows: Cells[] = [
    balance('opening', opening),
    ...lines.map(({ kind, at, ref, note, count, ...amounts }) => ({
      ...{ section: 'entry', kind, ref, note, count, ...creditsOf(amounts) },
      ...(at === undefined ? {} : { at: isoTime(at) }),
    })),
    balance('closing', closing),
    ...usage.map(({ serverId, model, events, ...amounts }) => ({
      ...{ section: 'usage', kind: 'usage', server: serverId, model, count: events, ...creditsOf(amounts) },
    })),
  ];
  const text = rows.map((row) => ({ account: accountId, cycle, ...row }) as Cells);
  return [
    COLUMNS.join(','),
    ...text.map((row) => COLUMNS.map((column) => cell(column, row[column])).join(',')),
    '',
  ].join('\r\n');
}

const NUMBERS = new Set<string>(['cycle', 'count', 'monthly', 'bonus', 'uncovered']);

function cell(column: string, value: string | number | undefined): string {
  const text = String(value ?? '');
  const safe = !NUMBERS.has(column) && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function creditsOf({ monthly, bonus, uncovered }: Amounts) {
  return { monthly: formatCredits(monthly), bonus: formatCredits(bonus), uncovered: formatCredits(uncovered) };
}

/** Usage for people: a table with a bar of each row's share of the credits, a line of the buckets above it. */
import { parseCredits } from '../../core/money.ts';
import { bar, shareOf, sparkline } from '../terminal/bars.ts';
import { cellText, grouped, plural, showCount, showCredits } from '../terminal/format.ts';
import { type Column, styled, table } from '../terminal/table.ts';
import { KEYS, type UsageQuestion } from './query.ts';
import type { UsageRow } from './rows.ts';

/** Rows a person could look through; `--json` prints all. */
const TABLE_ROWS_MAX = 500;
/** Buckets in one line of a terminal. */
const CHART_BUCKETS_MAX = 96;
const BAR_CELLS = 16;
const KEY_CHARS_MAX = 48;

const TOKEN_FIELDS = ['inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheWriteTokens'] as const;

export function usageView(question: UsageQuestion, rows: readonly UsageRow[]): string {
  if (rows.length === 0) return 'No usage in this range.';
  const { by, bucket } = question;
  const largest = largestOf(rows.map(creditsOf));
  const columns: Column<UsageRow>[] = [
    ...(bucket === undefined ? [] : [text('BUCKET', 'bucket')]),
    ...by.map((key) => text(KEYS[key].title, KEYS[key].field)),
    { title: 'EVENTS', align: 'right', cell: (row) => showCount(Number(row.events)) },
    {
      title: 'TOKENS',
      align: 'right',
      cell: (row) => showCount(TOKEN_FIELDS.reduce((sum, field) => sum + Number(row[field]), 0)),
    },
    amount('CREDITS', 'credits'),
    { title: '', cell: (row) => styled('cyan', bar(shareOf(creditsOf(row), largest), BAR_CELLS)) },
    amount('MONTHLY', 'monthlyCredits'),
    amount('BONUS', 'bonusCredits'),
    amount('UNCOVERED', 'uncoveredCredits'),
  ];
  const lines = [table(columns, rows.slice(0, TABLE_ROWS_MAX))];
  if (rows.length > TABLE_ROWS_MAX)
    lines.push(`… and ${plural(rows.length - TABLE_ROWS_MAX, 'more row')}; --json prints all.`);
  lines.push('', totalLine(rows));
  if (bucket !== undefined) lines.unshift(chart(rows, bucket), '');
  return lines.join('\n');
}

const creditsOf = (row: UsageRow): bigint => {
  const credits = String(row.credits);
  return credits.startsWith('-') ? -parseCredits(credits.slice(1)) : parseCredits(credits);
};

const text = (title: string, field: string): Column<UsageRow> => ({
  title,
  cell: (row) => cellText(String(row[field]), KEY_CHARS_MAX),
});

const amount = (title: string, field: string): Column<UsageRow> => ({
  title,
  align: 'right',
  cell: (row) => grouped(String(row[field])),
});

function totalLine(rows: readonly UsageRow[]): string {
  const events = rows.reduce((sum, row) => sum + Number(row.events), 0);
  const credits = rows.reduce((sum, row) => sum + creditsOf(row), 0n);
  return styled('bold', `${plural(events, 'event')}, ${showCredits(credits)} credits`);
}

/** Credits of each bucket that had usage, oldest to the left. */
function chart(rows: readonly UsageRow[], bucket: string): string {
  const sums = new Map<string, bigint>();
  for (const row of rows) sums.set(String(row.bucket), (sums.get(String(row.bucket)) ?? 0n) + creditsOf(row));
  const shown = [...sums].slice(-CHART_BUCKETS_MAX);
  const largest = largestOf(shown.map(([, sum]) => sum));
  const line = sparkline(shown.map(([, sum]) => shareOf(sum, largest)));
  return `${styled('cyan', line)}  credits by ${bucket}, ${shown[0]![0]} to ${shown.at(-1)![0]}, at most ${showCredits(largest)}`;
}

function largestOf(amounts: readonly bigint[]): bigint {
  let largest = 0n;
  for (const amount of amounts) if (amount > largest) largest = amount;
  return largest;
}

/** What the demo shows, each in 80 columns. Pure. */
import { parseCredits } from '../../core/money.ts';
import type { BalanceShape } from '../shapes/balance.ts';
import { bar, meter, shareOf } from '../terminal/bars.ts';
import { cellText, grouped, showCount, showCredits } from '../terminal/format.ts';
import { styled, table } from '../terminal/table.ts';
import type { UsageRow } from '../usage/rows.ts';
import type { Moment } from './expected.ts';

const METER_CELLS = 12;
const BAR_CELLS = 22;
/** Beside its day and account in 80 columns. */
const SUBJECT_CHARS_MAX = 55;

export const heading = (number: number, text: string): string => `\n${styled('bold', `${number}. ${text}`)}`;

export const indented = (text: string): string => text.replace(/^(?=.)/gm, '   ');

export function countsLine({ accepted, duplicates, parked, deadLetters }: Moment): string {
  const counts = { accepted, duplicates, parked, 'dead letters': deadLetters };
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${showCount(count)}`)
    .join(', ');
}

/** "gate: acme-web yes, acme-bot daily-limit, …" in two lines. */
export function gateLines({ gate }: Moment): string {
  const answers = Object.entries(gate).map(([server, word]) =>
    word === 'allow' ? `${server} ${styled('green', 'yes')}` : `${server} ${styled('red', word)}`,
  );
  const half = Math.ceil(answers.length / 2);
  return `May it call?  ${answers.slice(0, half).join(' · ')}\n              ${answers.slice(half).join(' · ')}`;
}

/** The day of each mail in UTC, its account, and its subject. */
export const mailLines = (
  mails: readonly { readonly at: string; readonly accountId: string; readonly subject: string }[],
): string =>
  mails
    .map(
      ({ at, accountId, subject }) =>
        `${at.slice(0, 10)}  ${accountId.padEnd(6)} ${cellText(subject, SUBJECT_CHARS_MAX)}`,
    )
    .join('\n');

export function balancesView(balances: readonly BalanceShape[]): string {
  return table<BalanceShape>(
    [
      { title: 'ACCOUNT', cell: (one) => one.accountId },
      { title: 'CYCLE', align: 'right', cell: (one) => String(one.monthly.cycle) },
      { title: 'MONTHLY', align: 'right', cell: (one) => grouped(one.monthly.remaining) },
      { title: 'OF', align: 'right', cell: (one) => grouped(one.monthly.granted) },
      { title: '', cell: ({ monthly }) => gauge(monthly) },
      { title: 'BONUS', align: 'right', cell: (one) => grouped(one.bonus.remaining) },
      { title: 'UNCOVERED', align: 'right', cell: (one) => grouped(one.uncovered) },
    ],
    balances,
  );
}

function gauge({ remaining, granted }: BalanceShape['monthly']): string {
  return meter(shareOf(parseCredits(remaining), parseCredits(granted)), METER_CELLS);
}

/** Rows by server and model, as a chart; a server's name stands at its first row. */
export function usageChart(rows: readonly UsageRow[]): string {
  const credits = (row: UsageRow): bigint => parseCredits(String(row.credits));
  let largest = 0n;
  let sum = 0n;
  for (const row of rows) {
    if (credits(row) > largest) largest = credits(row);
    sum += credits(row);
  }
  const isFirst = new Set(rows.filter((row, i) => row.serverId !== rows[i - 1]?.serverId));
  const events = rows.reduce((count, row) => count + Number(row.events), 0);
  const chart = table<UsageRow>(
    [
      { title: 'SERVER', cell: (row) => (isFirst.has(row) ? String(row.serverId) : '') },
      { title: 'MODEL', cell: (row) => String(row.model) },
      { title: 'CALLS', align: 'right', cell: (row) => showCount(Number(row.events)) },
      { title: 'CREDITS', align: 'right', cell: (row) => grouped(String(row.credits)) },
      { title: '', cell: (row) => styled('cyan', bar(shareOf(credits(row), largest), BAR_CELLS)) },
    ],
    rows,
  );
  return `${chart}\n\n${styled('bold', `${showCount(events)} calls, ${showCredits(sum)} credits`)}`;
}

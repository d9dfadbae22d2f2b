/** Balances for people: a card for one account, a table for many. */
import type { BalanceState } from '../../core/balance.ts';
import { parseCredits } from '../../core/money.ts';
import type { BalanceShape } from '../shapes/balance.ts';
import { meter, shareOf } from './bars.ts';
import { grouped, localTime, plural } from './format.ts';
import { type Style, styled, table } from './table.ts';

const METER_CELLS = 16;
const DAY_MS = 86_400_000;
const STYLES: Readonly<Record<BalanceState, Style>> = { ok: 'green', low: 'yellow', depleted: 'red', closed: 'dim' };

/** `now` is the instant that "in 9 days" counts from. */
export function balanceCard(balance: BalanceShape, timeZone: string, now: number): string {
  const { monthly, bonus, uncovered, total, state } = balance;
  const ends = Date.parse(monthly.end);
  const rows: [string, string][] = [
    ['state', styled(STYLES[state], state)],
    ['total', `${grouped(total)} credits`],
    ['monthly', `${grouped(monthly.remaining)} of ${grouped(monthly.granted)}  ${meterOf(balance)}`],
    ['bonus', grouped(bonus.remaining)],
    ['uncovered', `${grouped(uncovered)} in this cycle`],
    [
      'cycle',
      monthly.cycle === 0
        ? 'none yet'
        : `number ${monthly.cycle}, since ${localTime(Date.parse(monthly.start), timeZone)}`,
    ],
    [
      monthly.cycle === 0 ? 'starts' : 'ends',
      `${localTime(ends, timeZone)} (${inDays(ends - now)}); what is left of the monthly credits expires then`,
    ],
  ];
  if (monthly.pending !== undefined)
    rows.push(['then', `${grouped(monthly.pending)} a cycle: the smaller plan starts with it`]);
  if (monthly.cycle === 0) rows.at(-1)![1] = `${localTime(ends, timeZone)} (${inDays(ends - now)})`;
  const lines = rows.map(([name, value]) => `  ${name.padEnd(10)}${value}`);
  return [styled('bold', balance.accountId), ...lines].join('\n');
}

export function balanceTable(balances: readonly BalanceShape[]): string {
  return table<BalanceShape>(
    [
      { title: 'ACCOUNT', cell: (one) => one.accountId },
      { title: 'STATE', cell: (one) => styled(STYLES[one.state], one.state) },
      { title: 'MONTHLY LEFT', align: 'right', cell: (one) => grouped(one.monthly.remaining) },
      { title: 'OF', align: 'right', cell: (one) => grouped(one.monthly.granted) },
      { title: '', cell: meterOf },
      { title: 'BONUS', align: 'right', cell: (one) => grouped(one.bonus.remaining) },
      { title: 'TOTAL', align: 'right', cell: (one) => grouped(one.total) },
      { title: 'UNCOVERED', align: 'right', cell: (one) => grouped(one.uncovered) },
      { title: 'CYCLE', align: 'right', cell: (one) => String(one.monthly.cycle) },
      { title: 'ENDS (UTC)', cell: (one) => one.monthly.end.slice(0, 16).replace('T', ' ') },
    ],
    balances,
  );
}

function meterOf({ monthly, state }: BalanceShape): string {
  const share = shareOf(parseCredits(monthly.remaining), parseCredits(monthly.granted));
  return styled(STYLES[state], meter(share, METER_CELLS));
}

function inDays(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  return days >= 1 ? `in ${plural(days, 'day')}` : 'within a day';
}

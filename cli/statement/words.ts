/** What the text and the HTML of a statement say alike: names of lines, the period, whether it adds up. */
import { formatCredits } from '../../core/money.ts';
import { localTime, plural } from '../terminal/format.ts';
import type { Statement, StatementLine } from './build.ts';

const LABELS: Readonly<Record<string, string>> = {
  opening: 'moved in',
  grant: 'grant',
  purchase: 'purchase',
  refund: 'refund',
  usage: 'usage',
  void: 'voided calls',
  'expiry-reversed': 'expired credits used by late calls',
  expiry: 'expired at the end of the cycle',
};

/** Kinds whose note is the instant of a boundary and not for people. */
const BOUNDARY_KINDS = new Set(['grant', 'expiry']);

export function labelOf({ kind, count }: StatementLine): string {
  const label = LABELS[kind] ?? kind;
  return kind === 'usage' ? `${label} (${plural(count, 'call')})` : label;
}

export function detailOf({ kind, ref, note }: StatementLine): string {
  return [ref, BOUNDARY_KINDS.has(kind) ? '' : note].filter((text) => text !== '').join('  ');
}

export function periodOf({ start, end, timeZone, isOver, asOf, cycle }: Statement): string {
  const until = localTime(end, timeZone);
  if (cycle === 0) return `before the first cycle, which starts ${until} (${timeZone})`;
  const state = isOver ? 'over' : `running, as of ${localTime(asOf, timeZone)}`;
  return `${localTime(start, timeZone)} to ${until} (${timeZone}), ${state}`;
}

export const NOTE =
  'Calls are listed in the cycle that paid for them, voided ones too; a late one may have happened in the one before.';

/** One sentence, or one for each difference. */
export function verdictOf({ mismatches }: Statement): string[] {
  if (mismatches.length === 0) return ['The sums add up.'];
  return mismatches.map(
    ({ what, expected, found }) =>
      `The sums do not add up: ${what} is ${formatCredits(found)}, but must be ${formatCredits(expected)}.`,
  );
}

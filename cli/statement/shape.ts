/** A statement as JSON: credits as signed decimal strings, times in UTC. */
import { formatCredits } from '../../core/money.ts';
import { isoTime } from '../terminal/format.ts';
import { type Amounts, type Statement, totalOf } from './build.ts';

interface AmountsShape {
  readonly monthly: string;
  readonly bonus: string;
  readonly uncovered: string;
}

/** Keys in the order printed. */
export function statementShape(statement: Statement) {
  const { accountId, cycle, timeZone, asOf, start, end, isOver, opening, lines, closing, usage, mismatches } =
    statement;
  return {
    ...{ accountId, cycle, timeZone, start: isoTime(start), end: isoTime(end), isOver, asOf: isoTime(asOf) },
    opening: amounts(opening),
    lines: lines.map(({ kind, at, ref, note, count, ...changed }) => ({
      ...{ kind, at: at === undefined ? null : isoTime(at), ref, note, count },
      ...amounts(changed),
    })),
    closing: amounts(closing),
    usage: usage.map(({ serverId, model, events, ...paid }) => ({
      ...{ serverId, model, events, credits: formatCredits(costOf(paid)) },
      ...amounts(paid),
    })),
    usageTotal: { credits: formatCredits(costOf(totalOf(usage))), ...amounts(totalOf(usage)) },
    balanced: mismatches.length === 0,
    mismatches: mismatches.map(({ what, expected, found }) => ({
      ...{ what, expected: formatCredits(expected), found: formatCredits(found) },
    })),
  };
}

/** What calls cost, covered or not. */
export const costOf = ({ monthly, bonus, uncovered }: Amounts): bigint => monthly + bonus + uncovered;

function amounts({ monthly, bonus, uncovered }: Amounts): AmountsShape {
  return { monthly: formatCredits(monthly), bonus: formatCredits(bonus), uncovered: formatCredits(uncovered) };
}

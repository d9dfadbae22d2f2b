/** Lines of a ledger as the model and ClickHouse both tell them, and folded as the command folds them. */
import type { LedgerLine } from '../../cli/ledger/lines.ts';

export type Comparable = ReturnType<typeof comparable>;

export function comparable(line: Omit<LedgerLine, 'sequence' | 'index' | 'events' | 'note' | 'running'>) {
  const { kind, cycle, monthly, bonus, uncovered, monthlyAfter, bonusAfter, uncoveredAfter, ref } = line;
  // A reset is entered by whatever commit comes first after it, so its `at` is not compared; nor is what the first
  // grant names as its reason.
  return {
    ...{ kind, cycle, monthly, bonus, uncovered, monthlyAfter, bonusAfter, uncoveredAfter },
    ref: kind === 'usage' ? ref : '',
  };
}

/** Usage of one cycle between two entries as one line; use of the cycle before stands alone. */
export function folded(lines: readonly Comparable[]): Comparable[] {
  const made: Comparable[] = [];
  let wasLate = false;
  for (const [i, line] of lines.entries()) {
    const last = made.at(-1);
    const isLate = line.kind === 'usage' && lines[i - 1]?.kind === 'expiry-reversed';
    if (line.kind === 'usage' && last?.kind === 'usage' && last.cycle === line.cycle && !isLate && !wasLate) {
      made[made.length - 1] = {
        ...line,
        monthly: last.monthly + line.monthly,
        bonus: last.bonus + line.bonus,
        uncovered: last.uncovered + line.uncovered,
        ref: '',
      };
    } else made.push(line);
    wasLate = isLate;
  }
  return made;
}

/**
 * A line of an account's ledger and its JSON. A line is an entry, or the usage of one cycle between two entries.
 * Invariant: the order is (sequence, index), and every line says the balances after it.
 */
import { formatCredits } from '../../core/money.ts';
import { isoTime } from '../terminal/format.ts';

/** Amounts in µcr, signed; `at` in ms. */
export interface LedgerLine {
  readonly sequence: number;
  /** Place in its commit; of folded usage the place of its last event. */
  readonly index: number;
  readonly at: number;
  readonly kind: string;
  readonly cycle: number;
  readonly monthly: bigint;
  readonly bonus: bigint;
  readonly uncovered: bigint;
  /** What is left of the line's own cycle. */
  readonly monthlyAfter: bigint;
  readonly bonusAfter: bigint;
  /** Of the cycle that was running. */
  readonly uncoveredAfter: bigint;
  /** Id of the command or event behind it; '' for a reset, and for the usage of several events. */
  readonly ref: string;
  readonly note: string;
  /** Events in a line of usage, 0 in any other. */
  readonly events: number;
  /** The cycle that was running. */
  readonly running: number;
}

export interface LedgerLineShape {
  readonly sequence: number;
  readonly index: number;
  readonly at: string;
  readonly kind: string;
  readonly cycle: number;
  readonly monthly: string;
  readonly bonus: string;
  readonly uncovered: string;
  readonly monthlyAfter: string;
  readonly bonusAfter: string;
  readonly uncoveredAfter: string;
  readonly ref: string;
  readonly note: string;
  readonly events: number;
}

/** As `ledger --json` prints it. */
export function ledgerLineShape(line: LedgerLine): LedgerLineShape {
  const { sequence, index, at, kind, cycle, ref, note, events } = line;
  return {
    ...{ sequence, index, at: isoTime(at), kind, cycle },
    monthly: formatCredits(line.monthly),
    bonus: formatCredits(line.bonus),
    uncovered: formatCredits(line.uncovered),
    monthlyAfter: formatCredits(line.monthlyAfter),
    bonusAfter: formatCredits(line.bonusAfter),
    uncoveredAfter: formatCredits(line.uncoveredAfter),
    ...{ ref, note, events },
  };
}

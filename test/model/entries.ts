/**
 * The ledger of one account, and every number that is read from it. Entries are only appended; balances, this cycle's
 * grant and what is left of an ended cycle are sums over them, computed anew each time.
 */
import { MICROS_MAX, type Micros } from '../../core/money.ts';
import type { Account, Entry, EntryKind } from './state.ts';

type NewEntry = {
  readonly kind: EntryKind;
  readonly cycle: number;
  readonly monthly?: bigint;
  readonly bonus?: bigint;
  readonly uncovered?: bigint;
  readonly ref?: string;
  readonly note?: string;
};

/** Appends an entry and returns it. Throws when a balance would leave the range of an amount: a bug in the model. */
export const append = (account: Account, clock: number, entry: NewEntry): Entry => {
  const { kind, cycle, monthly = 0n, bonus = 0n, uncovered = 0n, ref = '', note = '' } = entry;
  const monthlyAfter = monthlyIn(account, cycle) + monthly;
  const bonusAfter = bonusOf(account) + bonus;
  for (const amount of [monthlyAfter, bonusAfter]) {
    if (amount < 0n || amount > MICROS_MAX)
      throw new Error(`an entry of kind ${kind} leaves a balance of ${amount} µcr`);
  }
  const uncoveredAfter = uncoveredOf(account) + (cycle === account.cycle ? uncovered : 0n);
  const index = account.entries.length + 1;
  const made = {
    index,
    at: clock,
    kind,
    cycle,
    monthly,
    bonus,
    uncovered,
    monthlyAfter,
    bonusAfter,
    uncoveredAfter,
    ref,
    note,
  };
  account.entries.push(made);
  return made;
};

/** What is left of the monthly credits of the running cycle. */
export const monthlyOf = (account: Account): Micros => monthlyIn(account, account.cycle);

const monthlyIn = (account: Account, cycle: number): Micros =>
  (account.entries.findLast((entry) => entry.cycle === cycle)?.monthlyAfter ?? 0n) as Micros;

/** What is left of the bonus credits. */
export const bonusOf = (account: Account): Micros => (account.entries.at(-1)?.bonusAfter ?? 0n) as Micros;

/** Monthly plus bonus: what alerts and the gate look at. */
export const remainingOf = (account: Account): bigint => monthlyOf(account) + bonusOf(account);

/** What the running cycle has been granted so far: its grant and every raise of it. */
export const grantedOf = (account: Account): bigint => sum(account, account.cycle, ['grant'], 'monthly');

/** What neither balance covered in the running cycle. */
export const uncoveredOf = (account: Account): bigint => sum(account, account.cycle, ['usage', 'void'], 'uncovered');

/** What expired of a cycle and has not been charged to it since (rule 5). */
export const leftOfEnded = (account: Account, cycle: number): Micros =>
  -sum(account, cycle, ['expiry', 'expiry-reversed'], 'monthly') as Micros;

const sum = (account: Account, cycle: number, kinds: readonly EntryKind[], field: 'monthly' | 'uncovered'): bigint =>
  account.entries
    .filter((entry) => entry.cycle === cycle && kinds.includes(entry.kind))
    .reduce((total, entry) => total + entry[field], 0n);

/**
 * The ledger as it can be compared with one that writes usage in larger pieces: usage entries of one cycle that follow
 * each other become one, with the sum of their deltas and the balances after the last of them. Times are left out,
 * because a reset is applied whenever somebody asks first.
 */
import type { Entry } from './state.ts';

export type FoldedEntry = Omit<Entry, 'index' | 'at' | 'ref'> & { readonly ref: string };

export const foldUsage = (entries: readonly Entry[]): FoldedEntry[] => {
  const folded: FoldedEntry[] = [];
  for (const { index: _index, at: _at, ...entry } of entries) {
    const last = folded.at(-1);
    if (entry.kind !== 'usage') folded.push(entry);
    else if (last?.kind === 'usage' && last.cycle === entry.cycle) folded[folded.length - 1] = joined(last, entry);
    else folded.push({ ...entry, ref: '' });
  }
  return folded;
};

const joined = (last: FoldedEntry, next: FoldedEntry): FoldedEntry => ({
  ...next,
  ref: '',
  monthly: last.monthly + next.monthly,
  bonus: last.bonus + next.bonus,
  uncovered: last.uncovered + next.uncovered,
});

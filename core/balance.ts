/** What a balance is called: the word that stands for an account's standing (contract, `balance`). Pure. */
import { LOW_PERCENT, percentOf } from './thresholds.ts';

export type BalanceState = 'ok' | 'low' | 'depleted' | 'closed';

/** `total` is monthly plus bonus, `granted` this cycle's grant, both in µcr. Without a grant nothing is low. */
export const balanceState = (account: { closed: boolean; granted: bigint; total: bigint }): BalanceState => {
  const { closed, granted, total } = account;
  if (closed) return 'closed';
  if (total === 0n) return 'depleted';
  return granted > 0n && total <= percentOf(granted, LOW_PERCENT) ? 'low' : 'ok';
};

/**
 * `credits.purchase` and `credits.refund`: bonus credits in, and out again.
 *
 * Decided here because the contract is silent: a refund of a purchase that is not known is invalid (its id stays free,
 * so it can be sent again); a refund that can take nothing is applied, and its entry says so; a purchase has a receipt by
 * mail, each its own.
 */
import { formatCredits, MICROS_MAX } from '../../core/money.ts';
import type { CreditsPurchase, CreditsRefund } from '../../core/types.ts';
import type { Verdict } from './commands.ts';
import { addMail } from './commit.ts';
import { append, bonusOf } from './entries.ts';
import type { Account } from './state.ts';

export const purchase = (account: Account, { id, credits, silent }: CreditsPurchase, clock: number): Verdict => {
  if (bonusOf(account) + credits > MICROS_MAX) return { outcome: 'refused', reason: 'invalid', field: 'credits' };
  account.purchases.set(id, { credits, refunded: 0n });
  append(account, clock, { kind: 'purchase', cycle: account.cycle, bonus: credits, ref: id });
  if (!silent && !account.closed) {
    addMail(account, { at: clock, kind: 'receipt', crossing: undefined, others: [], serverId: undefined });
  }
  return { outcome: 'applied' };
};

/** Takes the least of what is asked, what of the purchase is not refunded yet, and the bonus left. */
export const refund = (account: Account, { id, purchaseId, credits }: CreditsRefund, clock: number): Verdict => {
  const bought = account.purchases.get(purchaseId);
  if (bought === undefined) return { outcome: 'refused', reason: 'invalid', field: 'purchaseId' };
  const taken = [credits, bought.credits - bought.refunded, bonusOf(account)].reduce((a, b) => (a < b ? a : b));
  bought.refunded += taken;
  const note = `asked ${formatCredits(credits)}, taken ${formatCredits(taken)}`;
  append(account, clock, { kind: 'refund', cycle: account.cycle, bonus: -taken, ref: id, note });
  return { outcome: 'applied' };
};

/**
 * `account.close`: no more grants or mails, the gate denies `closed`, the bonus is kept. An upsert reopens.
 * What is left of the running cycle stays until it ends; events are still priced and debited, for the calls happened.
 *
 * Decided here because the contract is silent: mails that were not sent yet are not sent any more.
 */
import type { Verdict } from './commands.ts';
import { supersede } from './commit.ts';
import type { Account } from './state.ts';

export const closeAccount = (account: Account): Verdict => {
  account.closed = true;
  supersede(account, () => true);
  return { outcome: 'applied' };
};

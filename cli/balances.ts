/** The balances of all accounts, sorted by id, as `balance --all --json` prints them. */

import { accountIds } from '../ledger/account-ids.ts';
import type { LedgerContext } from '../ledger/context.ts';
import { readAccounts } from './accounts.ts';
import { type BalanceShape, balanceShape } from './shapes/balance.ts';

export async function* allBalances(ledger: LedgerContext): AsyncGenerator<BalanceShape> {
  for await (const account of readAccounts(ledger, await accountIds(ledger))) yield balanceShape(account);
}

/**
 * Reading accounts for people: one that must exist, and all of them in order, in pages.
 * Invariant: every account is read up to date to the ledger's clock (rule 4), so what is printed is what would be spent.
 */
import { PermanentError } from '../core/errors.ts';
import { type AccountState, readAccount } from '../ledger/account.ts';
import type { LedgerContext } from '../ledger/context.ts';

/** Accounts read at once: their replies come in one go, and Redis is never held for long. */
const PAGE = 200;

/** Throws `unknown-account`. */
export async function knownAccount(ledger: LedgerContext, accountId: string): Promise<AccountState> {
  const { account } = await readAccount(ledger, accountId);
  if (account !== undefined) return account;
  throw new PermanentError(
    'unknown-account',
    `Account ${accountId} is not known: no account.upsert for it has been applied.`,
    {
      field: 'ACCOUNT',
    },
  );
}

/** The accounts of `ids`, in their order, a page in memory at a time. */
export async function* readAccounts(ledger: LedgerContext, ids: readonly string[]): AsyncGenerator<AccountState> {
  for (let from = 0; from < ids.length; from += PAGE) {
    const page = await Promise.all(ids.slice(from, from + PAGE).map((id) => readAccount(ledger, id)));
    for (const { account } of page) if (account !== undefined) yield account;
  }
}

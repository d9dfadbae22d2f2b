/**
 * Reading accounts for people: one that must exist, and all of them in order, in pages.
 * Invariant: every account is read up to date to the ledger's clock (rule 4), so what is printed is what would be spent.
 */
import { PermanentError } from '../core/errors.ts';
import { type AccountState, readAccount } from '../ledger/account.ts';
import type { LedgerContext } from '../ledger/context.ts';

/** Accounts read at once: their replies come in one go, and Redis is never held for long. */
const PAGE = 200;
/** Members Redis looks at in one step of a scan. */
const SCAN_COUNT = 2_000;

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

/** Ids of all accounts, sorted. A hundred bytes an account: a million of them are 100 MB. */
export async function accountIds({ redis, keys }: LedgerContext): Promise<string[]> {
  const ids = new Set<string>();
  let cursor = '0';
  do {
    const [next, members] = await redis.zscan(keys.accounts, cursor, 'COUNT', SCAN_COUNT);
    for (let i = 0; i < members.length; i += 2) ids.add(members[i]!);
    cursor = next;
  } while (cursor !== '0');
  return [...ids].sort();
}

/** The accounts of `ids`, in their order, a page in memory at a time. */
export async function* readAccounts(ledger: LedgerContext, ids: readonly string[]): AsyncGenerator<AccountState> {
  for (let from = 0; from < ids.length; from += PAGE) {
    const page = await Promise.all(ids.slice(from, from + PAGE).map((id) => readAccount(ledger, id)));
    for (const { account } of page) if (account !== undefined) yield account;
  }
}

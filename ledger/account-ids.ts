/** Which accounts a ledger holds. Reads only; what an account holds is account.ts's and held-accounts.ts's. */
import type { LedgerContext } from './context.ts';

/** Members Redis looks at in one step of a scan. */
const SCAN_COUNT = 2_000;

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

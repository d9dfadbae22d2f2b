/**
 * Which accounts a job looks at, in chunks: those that are due in a sorted set of the ledger, a range of the order of
 * cycle ends, or all. Reads only. Invariant: a walk ends, whoever moves accounts in the set meanwhile.
 */
import type { LedgerContext } from '../ledger/context.ts';
import { REVIEW_ACCOUNTS_MAX } from '../ledger/review.ts';
import type { JobRow } from './job.ts';

/** Ids asked for at once: twenty pages. Redis finds them in a fifth of a millisecond, and 128 KiB hold the longest. */
export const CHUNK_ACCOUNTS = 20 * REVIEW_ACCOUNTS_MAX;
/** Accounts that a dry run lists. */
const LISTED_MAX = 50;

/** `accounts`, by the end of the running cycle, or `midnights`, by the end of the local day. */
export type AccountIndex = 'accounts' | 'midnights';

/**
 * The accounts due by an instant, earliest first. Each is expected to have left the range when the next chunk is asked
 * for; those that have not are skipped from then on, so nothing is looked at for ever.
 */
export async function* dueAccounts(
  { redis, keys }: LedgerContext,
  index: AccountIndex,
  untilMs: number,
): AsyncGenerator<readonly string[]> {
  let before: ReadonlySet<string> = new Set();
  for (let skip = 0; ; ) {
    const ids = await redis.zrange(keys[index], '-inf', String(untilMs), 'BYSCORE', 'LIMIT', skip, CHUNK_ACCOUNTS);
    if (ids.length === 0) return;
    const fresh = ids.filter((id) => !before.has(id));
    skip += ids.length - fresh.length;
    before = new Set(ids);
    if (fresh.length > 0) yield fresh;
  }
}

/**
 * The accounts of ranks [from, to) of the order of cycle ends, from the last on: a cycle that ends meanwhile takes its
 * account from the front to the back, and then one that comes later comes twice, but none is left out.
 */
export async function* rankedAccounts(
  { redis, keys }: LedgerContext,
  from: number,
  to: number,
): AsyncGenerator<readonly string[]> {
  for (let end = to; end > from; end -= CHUNK_ACCOUNTS) {
    const ids = await redis.zrange(keys.accounts, String(Math.max(from, end - CHUNK_ACCOUNTS)), String(end - 1));
    if (ids.length > 0) yield ids;
  }
}

/** All accounts that are there from the first chunk to the last, some of them twice. */
export async function* everyAccount({ redis, keys }: LedgerContext): AsyncGenerator<readonly string[]> {
  let cursor = '0';
  do {
    const [next, members] = await redis.zscan(keys.accounts, cursor, 'COUNT', CHUNK_ACCOUNTS);
    cursor = next;
    const ids = members.filter((_, i) => i % 2 === 0);
    if (ids.length > 0) yield ids;
  } while (cursor !== '0');
}

/** How many accounts are due by an instant, and the first of them with when they are. */
export async function foreseeDue({ redis, keys }: LedgerContext, index: AccountIndex, untilMs: number) {
  const count = await redis.zcount(keys[index], '-inf', untilMs);
  const first = ['-inf', String(untilMs), 'BYSCORE', 'LIMIT', 0, LISTED_MAX, 'WITHSCORES'] as const;
  const pairs = await redis.zrange(keys[index], ...first);
  const rows: JobRow[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    rows.push({ account: pairs[i]!, when: new Date(Number(pairs[i + 1])).toISOString() });
  }
  return { count, rows };
}

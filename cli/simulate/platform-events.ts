/**
 * What the platform would have heard of an account: in a sandbox nobody relays, so all of it is in its outbox.
 * Invariant: oldest first, and of more than `limit` the newest.
 */
import type { LedgerContext } from '../../ledger/context.ts';

export const PLATFORM_EVENTS_MAX = 10_000;

/** Entries of one read: a commit has a few events of one account, or a few hundred of many. */
const PAGE_ENTRIES = 500;

export async function platformEvents(
  { redis, keys }: LedgerContext,
  accountId: string,
  limit: number = PLATFORM_EVENTS_MAX,
): Promise<object[]> {
  const found: object[] = [];
  for (let from = '-'; ; ) {
    const page = await redis.xrange(keys.outboxEvents, from, '+', 'COUNT', PAGE_ENTRIES);
    for (const [, fields] of page) found.push(...eventsOf(fields, accountId));
    if (found.length > limit) found.splice(0, found.length - limit);
    if (page.length < PAGE_ENTRIES) return found;
    from = `(${page.at(-1)![0]}`;
  }
}

function eventsOf(fields: readonly string[], accountId: string): object[] {
  const lines = fields[fields.indexOf('events') + 1] ?? '';
  // Most are of others, and an id needs no escapes: it is looked for before anything is parsed.
  const own = `"accountId":"${accountId}"`;
  return lines.includes(own)
    ? lines.split('\n').flatMap((line) => (line.includes(own) ? [JSON.parse(line) as object] : []))
    : [];
}

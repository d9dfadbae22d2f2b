/**
 * Many accounts at once, for benches of what is done to all of them. One is made by the ledger as any account is; the
 * others get its keys' bytes under ids of their own, by pipelines of HSET and ZADD: a million upserts through the queue
 * would take a quarter of an hour and add nothing to what is measured. ClickHouse knows nothing of them.
 */
import type { System } from '../cli/system.ts';
import { micros } from '../core/money.ts';
import type { PriceBook } from '../core/price.ts';
import { readAccount } from '../ledger/account.ts';
import { applyCommand } from '../workers/accounts/apply-command.ts';
import { commitOptionsOf } from '../workers/usage/commit-options.ts';

/** Accounts a pipeline writes: a few hundred kilobytes. */
const PIPELINE_ACCOUNTS = 500;

const TEMPLATE = 'seeded-template';

/** Ids are of the length of real ones. */
export const seededId = (i: number): string => `seeded-account-${String(i).padStart(8, '0')}`;

/** The local date and time in UTC, four years before an instant: cycle 48 of that anchor ends at the instant. */
export function anchorEndingAt(endMs: number): string {
  const text = new Date(endMs).toISOString().slice(0, 19);
  return `${Number(text.slice(0, 4)) - 4}${text.slice(4)}`;
}

/** Makes `count` accounts whose cycle ends at `endMs`, which is still to come. */
export async function seedAccounts(
  { ledger, redis, log }: System,
  book: PriceBook,
  { count, endMs }: { readonly count: number; readonly endMs: number },
): Promise<void> {
  const { keys } = ledger;
  await applyCommand(
    {
      ...commitOptionsOf({ context: ledger, book, acceptDays: 35, log, signal: new AbortController().signal }),
      charges: { find: async () => undefined },
    },
    {
      queuedAt: Date.now(),
      command: {
        ...{ type: 'account.upsert', id: 'up', accountId: TEMPLATE, silent: false, at: undefined },
        ...{ email: 'owner@example.com', timeZone: 'UTC', anchor: anchorEndingAt(endMs), opening: undefined },
        ...{ name: 'Template Owner', locale: 'en', recipients: undefined },
        plan: { id: 'pro', monthlyCredits: micros(100_000_000_000) },
      },
    },
  );
  const { account } = await readAccount(ledger, TEMPLATE);
  if (account?.stop !== endMs) throw new Error('The template account does not end its cycle when it should.');
  const [fields, commands, stop] = await Promise.all([
    redis.hgetallBuffer(keys.account(TEMPLATE)),
    redis.hgetallBuffer(keys.commands(TEMPLATE)),
    redis.zscore(keys.accounts, TEMPLATE),
  ]);
  for (let from = 0; from < count; from += PIPELINE_ACCOUNTS) {
    const pipeline = redis.pipeline();
    for (let i = from; i < Math.min(count, from + PIPELINE_ACCOUNTS); i += 1) {
      const id = seededId(i);
      pipeline.hset(keys.account(id), fields);
      pipeline.hset(keys.commands(id), commands);
      pipeline.zadd(keys.accounts, stop!, id);
    }
    await pipeline.exec();
  }
}

/**
 * The scheduled job `redrive-parked`: events whose account or model is known by now are charged, and what has waited for
 * longer than it may becomes a dead letter. Whoever releases first wins, a page leaving its list in the step that charges
 * it, so two runs at once come to what one does.
 */
import { PARKED_MS_MAX } from '../core/limits.ts';
import { findPrice, type PriceBook } from '../core/price.ts';
import type { LedgerContext } from '../ledger/context.ts';
import { EMPTY_PLACE, readParked } from '../ledger/parked.ts';
import { expireParked } from '../workers/expire-parked.ts';
import { releaseKnown } from '../workers/maintenance.ts';
import { commitOptionsOf } from '../workers/usage/commit-options.ts';
import { parkedEvent } from '../workers/usage/release.ts';
import type { JobReport, ScheduledJob } from './job.ts';

/** Lists, or items of one, looked at in one round trip. */
const PAGE = 500;

export const redriveParked: ScheduledJob = {
  name: 'redrive-parked',
  what: 'charges parked events whose account or model is known by now, and sets aside what waited for 30 days',
  pattern: '*/5 * * * *',
  async run({ ledger: context, book, acceptDays, log, signal }, { now, dryRun }): Promise<JobReport> {
    if (dryRun) {
      const { released, expired } = await foresee(context, book, now, signal);
      return report(released, expired, 'would be ');
    }
    const commit = commitOptionsOf({ context, book, acceptDays, log, signal });
    const released = await releaseKnown(commit, book);
    return report(released, await expireParked(commit), '');
  },
};

function report(released: number, expired: number, would: string): JobReport {
  return {
    ok: true,
    summary: `${released} parked event(s) ${would}charged, ${expired} parked item(s) ${would}set aside as dead letters.`,
    rows: [
      { outcome: 'charged', items: released },
      { outcome: 'set aside', items: expired },
    ],
  };
}

/** What the job would find at a time to come, if nothing else arrived until then. */
async function foresee({ redis, keys }: LedgerContext, book: PriceBook, now: number, signal: AbortSignal) {
  const counts = { released: 0, expired: 0 };
  const accounts = keys.parkedEvents('');
  const models = keys.parkedModels('');
  for (let from = 0; ; from += PAGE) {
    const lists = await redis.zrange(keys.parkedIndex, String(from), String(from + PAGE - 1));
    if (lists.length === 0) return counts;
    for (const list of lists) {
      const isAccountKnown =
        list.startsWith(accounts) && (await redis.exists(keys.account(list.slice(accounts.length)))) === 1;
      for (let at = 0; ; at += PAGE) {
        signal.throwIfAborted();
        const items = await redis.lrange(list, at, at + PAGE - 1);
        for (const item of items) {
          if (item === EMPTY_PLACE) continue;
          if (now - readParked(item).parkedAt > PARKED_MS_MAX) counts.expired += 1;
          else if ((isAccountKnown || list.startsWith(models)) && isPriced(book, item)) counts.released += 1;
        }
        if (items.length < PAGE) break;
      }
    }
  }
}

function isPriced(book: PriceBook, item: string): boolean {
  const { model, occurredAt } = parkedEvent(item);
  return findPrice(book, model, occurredAt) !== undefined;
}

/**
 * What a service does beside its queues. Each minute: jobs that lie in `failed` are put back. At its start: parked events
 * whose account or model is known by now are released (the price book may be a new one, or a worker was killed before it
 * did), and what was parked for too long is set aside; after that the scheduled job `redrive-parked` does.
 */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { findPrice, type PriceBook } from '../core/price.ts';
import { EMPTY_PLACE } from '../ledger/parked.ts';
import { FenceError } from '../ledger/scripts.ts';
import type { WorkerEnvironment } from './environment.ts';
import { expireParked } from './expire-parked.ts';
import { retryFailed } from './queues.ts';
import type { CommitGroupOptions } from './usage/commit-group.ts';
import { parkedEvent, releaseParked } from './usage/release.ts';
import type { RunningWorker } from './usage/worker.ts';

/** Nothing of this is urgent, it only must not be forgotten. */
const ROUND_MS = 60_000;
/** Lists, or items of one, looked at in one round trip. */
const LISTS_PAGE = 500;
/** Items of a list that are looked at for one that can be priced: a few milliseconds of a round. */
const LOOKED_AT_MAX = 10_000;

export interface MaintenanceOptions {
  readonly queues: readonly Queue[];
  readonly commit: CommitGroupOptions;
  readonly book: PriceBook;
  readonly environment: WorkerEnvironment;
}

export function startMaintenance(options: MaintenanceOptions): RunningWorker {
  const { environment } = options;
  let running: Promise<void> = Promise.resolve();
  let looked = false;
  const round = (): void => {
    running = running
      .then(async () => {
        await retryAllFailed(options);
        if (!looked) await lookAtParked(options);
        looked = true;
      })
      .catch((error: unknown) => {
        if (environment.signal.aborted) return;
        if (error instanceof FenceError) return environment.halt(error);
        environment.log.warn(
          { event: 'maintenance-failed', reason: error instanceof Error ? error.message : 'unknown' },
          'the round failed; the next one tries again',
        );
      });
  };
  round();
  const timer = setInterval(round, ROUND_MS);
  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

async function retryAllFailed({ queues, environment }: MaintenanceOptions): Promise<void> {
  for (const queue of queues) {
    const failed = await retryFailed(queue);
    if (failed > 0)
      environment.log.warn(
        { event: 'failed-jobs-retried', queue: queue.name, jobs: failed },
        'jobs in failed were put back',
      );
  }
}

async function lookAtParked({ commit, book, environment }: MaintenanceOptions): Promise<void> {
  const events = await releaseKnown(commit, book);
  if (events > 0) environment.log.info({ event: 'parked-released', events }, 'parked events were charged');
  const expired = await expireParked(commit);
  if (expired > 0)
    environment.log.warn({ event: 'parked-expired', expired }, 'what was parked for 30 days became dead letters');
}

/** Charges the parked events whose account or model is known by now. Resolves to how many left their place. */
export async function releaseKnown(commit: CommitGroupOptions, book: PriceBook): Promise<number> {
  let events = 0;
  for (const list of await releasable(commit, book)) events += await releaseParked(commit, list);
  return events;
}

/** Parked lists whose account exists, or whose model the price book knows. */
async function releasable({ context }: CommitGroupOptions, book: PriceBook): Promise<string[]> {
  const { redis, keys } = context;
  const accounts = keys.parkedEvents('');
  const models = keys.parkedModels('');
  const found: string[] = [];
  for (let from = 0; ; from += LISTS_PAGE) {
    const lists = await redis.zrange(keys.parkedIndex, String(from), String(from + LISTS_PAGE - 1));
    if (lists.length === 0) return found;
    for (const list of lists) {
      if (list.startsWith(accounts)) {
        if ((await redis.exists(keys.account(list.slice(accounts.length)))) === 1) found.push(list);
      } else if (list.startsWith(models)) {
        if (await holdsPriced(redis, list, list.slice(models.length), book)) found.push(list);
      }
    }
  }
}

/**
 * Whether the book can price an event of the list. Nearly always all of a list or nothing; only where a model was taken
 * out of the book again does it depend on the event.
 */
async function holdsPriced(redis: Redis, list: string, model: string, book: PriceBook): Promise<boolean> {
  if (findPrice(book, model, 0) === undefined) return false; // no version knows it
  for (let from = 0; from < LOOKED_AT_MAX; from += LISTS_PAGE) {
    const page = await redis.lrange(list, from, from + LISTS_PAGE - 1);
    if (page.some((item) => item !== EMPTY_PLACE && findPrice(book, model, parkedEvent(item).occurredAt) !== undefined))
      return true;
    if (page.length < LISTS_PAGE) return false;
  }
  return false;
}

/**
 * Forgetting in the dedupe memory: ids leave Redis some days after their commit, a page of buckets at a time, and only
 * days that ClickHouse has all rows of. How far it has forgotten is told by every commit (`o` in commit-events.lua): an
 * event that old is looked up in ClickHouse first. So what is remembered is never shortened silently.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fenceArguments, type LedgerContext } from './context.ts';
import { parseDirectory } from './dedupe.ts';

/** Buckets of one script call: 64 of 50 to 100 ids are 1–3 ms, inside the 5 ms that a script may take. */
export const SWEEP_BUCKETS = 64;
/** The wait after each page, as a multiple of the time it took: a sweep takes a quarter of Redis at most. */
const REST_FACTOR = 3;

export interface SweepOptions {
  /** Whole days that an id stays in Redis after its commit. */
  readonly hotDays: number;
  /** A sweep that takes longer stops and goes on at its next call. */
  readonly budgetMs: number;
  /** Stops it between two pages. */
  readonly signal?: AbortSignal;
}

export interface Swept {
  /** False when there was more to do than the budget allows. */
  readonly isDone: boolean;
  readonly removed: number;
  /** The last day whose ids may be gone, in days since 1970-01-01 UTC; -1 when none are. */
  readonly forgottenDay: number;
}

/** Goes on with the round that is under way, or with a new one where there are days to forget. Safe beside another. */
export async function sweepDedupe(context: LedgerContext, options: SweepOptions): Promise<Swept> {
  const { keys, redis } = context;
  const until = performance.now() + options.budgetMs;
  let at = (await redis.hget(keys.meta, 'sweep')) ?? '';
  let directory = context.seen.directory;
  let removed = 0;
  for (;;) {
    const start = performance.now();
    const reply = await sweepPage(context, options.hotDays, at, directory);
    at = reply.next;
    directory = reply.directory;
    removed += reply.removed;
    const isDone = at === '';
    if (isDone || performance.now() >= until || options.signal?.aborted === true) {
      return { isDone, removed, forgottenDay: reply.forgottenDay };
    }
    await delay((performance.now() - start) * REST_FACTOR);
  }
}

async function sweepPage({ keys, run, ...context }: LedgerContext, hotDays: number, at: string, directory: string) {
  const first = Number(at);
  const { level, next } = parseDirectory(directory === '' ? '0:0' : directory);
  const count = at === '' ? 0 : Math.max(1, Math.min(SWEEP_BUCKETS, 2 ** level + next - first));
  const buckets = Array.from({ length: count }, (_, i) => keys.dedupe(first + i));
  const reply = (await run(
    'dedupeSweep',
    [keys.meta, keys.outboxRows, keys.flushSeal, keys.lettersInDoubt, ...buckets],
    [...fenceArguments({ keys, run, ...context }), String(hotDays), at],
  )) as string[];
  return {
    next: reply[0]!,
    directory: reply[1]!,
    forgottenDay: Number(reply[2]),
    removed: Number(reply[3]),
  };
}

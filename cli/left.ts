/** What is still on its way: in the queues, in `failed`, in the outbox; and waiting until nothing is. */
import { setTimeout as delay } from 'node:timers/promises';
import { readBacklog } from '../ledger/outbox.ts';
import type { System } from './system.ts';

/** Looking costs Redis a few counters; the flusher itself looks ten times a second. */
const LOOK_MS = 100;
/** Every state in which a job still has work ahead of it. */
const OPEN_STATES = ['wait', 'active', 'delayed', 'prioritized', 'waiting-children'] as const;

/** Jobs, jobs in `failed`, commits that ClickHouse does not have; then what needs a person, as the ledger counts it. */
export interface Left {
  readonly queued: number;
  readonly failed: number;
  readonly unflushed: number;
  readonly parked: number;
  readonly deadLetters: number;
}

/** Queues first, the outbox after them: what leaves a queue in between is found in the outbox. */
export async function readLeft({ queues, ledger, redis }: System): Promise<Left> {
  const counts = await Promise.all(
    [queues.usage, queues.accounts].map((queue) => queue.getJobCounts(...OPEN_STATES, 'failed')),
  );
  const { entries } = await readBacklog(ledger.redis, ledger.keys);
  const [parked, dead] = await redis.hmget(ledger.keys.meta, 'parked', 'dead');
  const jobs = (state: string): number => counts.reduce((sum, one) => sum + (one[state] ?? 0), 0);
  return {
    queued: OPEN_STATES.reduce((sum, state) => sum + jobs(state), 0),
    failed: jobs('failed'),
    unflushed: entries,
    parked: Number(parked ?? 0),
    deadLetters: Number(dead ?? 0),
  };
}

export function isDrained({ queued, failed, unflushed }: Left): boolean {
  return queued === 0 && failed === 0 && unflushed === 0;
}

/** Waits until nothing is left or `deadline` (of `performance.now()`) has passed; `onLook` hears what is left. */
export async function untilDrained(
  system: System,
  {
    deadline = Number.POSITIVE_INFINITY,
    signal,
    onLook,
  }: { deadline?: number; signal: AbortSignal; onLook?: (left: Left) => void },
): Promise<Left> {
  for (;;) {
    signal.throwIfAborted();
    const left = await readLeft(system);
    if (isDrained(left) || performance.now() >= deadline) return left;
    onLook?.(left);
    await delay(LOOK_MS, undefined, { signal });
  }
}

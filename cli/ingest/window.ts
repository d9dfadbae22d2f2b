/**
 * The jobs that are on their way: how many may be, and when they have been applied. A job is gone from Redis when its
 * events or its command have been committed (the workers remove completed jobs at once, and put failed ones back), so
 * its key tells, whoever works on it and however often that one is killed and restarted.
 * Invariant: no more than `JOBS_MAX` jobs and about `BYTES_MAX` of their data lie in Redis for us.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { BulkJobOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { TransientError } from '../../core/errors.ts';

/** Enough to keep a hundred workers' hands full and a hundred jobs waiting; looked up in one pipeline of 1 ms. */
export const JOBS_MAX = 400;
/** Redis's memory for what we queue ahead: many times what a second of work takes. */
export const BYTES_MAX = 64 * 1024 * 1024;
/** How soon a job may be gone, and how long to wait at most before looking again. */
const LOOK_MS_MIN = 2;
const LOOK_MS_MAX = 50;
/** How long Redis may be away in the middle of a file (a restart with its data takes seconds), and how often to ask. */
const AWAY_MS_MAX = 60_000;
const AWAY_LOOK_MS = 250;

export interface OutgoingJob {
  readonly name: string;
  readonly data: object;
  readonly bytes: number;
}

/** Nothing depends on these: a completed job leaves nothing behind, a failed one is there to be put back. */
const JOB_OPTIONS: BulkJobOptions = { removeOnComplete: true, removeOnFail: false };

export class JobWindow {
  private readonly waiting = new Map<string, number>();
  private bytes = 0;
  private readonly redis: Redis;
  private readonly signal: AbortSignal;

  constructor(redis: Redis, signal: AbortSignal) {
    this.redis = redis;
    this.signal = signal;
  }

  /** Jobs that are queued and not known to be done. */
  get size(): number {
    return this.waiting.size;
  }

  /** Queues jobs in their order, in one step, once there is room for them. Rejects when the signal aborts. */
  async add(queue: Queue, jobs: readonly OutgoingJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const bytes = jobs.reduce((sum, job) => sum + job.bytes, 0);
    await this.until(() => this.size === 0 || (this.size + jobs.length <= JOBS_MAX && this.bytes + bytes <= BYTES_MAX));
    this.signal.throwIfAborted();
    // Queued twice is applied once: the ids of events and commands decide, so an unclear answer is simply asked again.
    const added = await this.patiently(() =>
      queue.addBulk(jobs.map(({ name, data }) => ({ name, data, opts: JOB_OPTIONS }))),
    );
    for (const [i, job] of added.entries()) {
      this.waiting.set(queue.toKey(job.id!), jobs[i]!.bytes);
      this.bytes += jobs[i]!.bytes;
    }
  }

  /** Resolves when every job queued so far has been applied. Rejects when the signal aborts. */
  applied(): Promise<void> {
    return this.until(() => this.size === 0);
  }

  private async until(condition: () => boolean): Promise<void> {
    for (let waitMs = LOOK_MS_MIN; !condition(); waitMs = Math.min(waitMs * 2, LOOK_MS_MAX)) {
      this.signal.throwIfAborted();
      if ((await this.look()) > 0) waitMs = LOOK_MS_MIN;
      if (condition()) return;
      await delay(waitMs, undefined, { signal: this.signal });
    }
  }

  /** Repeats what Redis did not answer, until it has been away for `AWAY_MS_MAX`. */
  private async patiently<T>(ask: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + AWAY_MS_MAX;
    for (;;) {
      this.signal.throwIfAborted();
      try {
        return await ask();
      } catch (cause) {
        if (performance.now() > deadline) {
          const words = cause instanceof Error ? cause.message : String(cause);
          const message = `Redis did not take the jobs (${words}). Run the same file again: what was queued counts once.`;
          throw new TransientError('redis-unavailable', message, { cause });
        }
        await delay(AWAY_LOOK_MS, undefined, { signal: this.signal });
      }
    }
  }

  /** Looks every job up in one round trip; resolves to how many are done now. */
  private async look(): Promise<number> {
    const keys = [...this.waiting.keys()];
    const exists = await this.patiently(async () => {
      const pipeline = this.redis.pipeline();
      for (const key of keys) pipeline.exists(key);
      const replies = (await pipeline.exec()) ?? [];
      for (const [error] of replies) if (error !== null) throw error;
      return replies.map(([, reply]) => reply !== 0);
    });
    let done = 0;
    for (const [i, isThere] of exists.entries()) {
      if (isThere) continue;
      this.bytes -= this.waiting.get(keys[i]!)!;
      this.waiting.delete(keys[i]!);
      done += 1;
    }
    return done;
  }
}

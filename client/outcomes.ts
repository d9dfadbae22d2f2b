/**
 * The jobs whose outcome is awaited. A job tells it when it completes; where that was missed (the listener was cut off,
 * and the event stream trimmed meanwhile; or Redis lost the job in a crash) the job is gone and nothing has come, and
 * its events are sent again: they count once, and those that were charged are then told as `duplicate`.
 * Invariant: every `settled` of a job that was handed in is settled in the end, or when the client closes.
 */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { TransientError } from '../core/errors.ts';
import { Budget } from './budget.ts';
import { Completions } from './completions.ts';
import type { UsageJob } from './job.ts';
import { LOOK_INTERVAL_MS, LOOK_JOBS_MAX, MISSED_AFTER_MS, RESENDS_MAX, UNSETTLED_BYTES_MAX } from './limits.ts';
import { type EventOutcome, outcomesOf } from './outcome.ts';

interface Awaited {
  readonly job: UsageJob;
  /** Redis has it: from then on its absence means something. */
  isQueued: boolean;
  goneSinceMs: number | undefined;
  resends: number;
}

export interface OutcomesOptions {
  readonly queue: Queue;
  readonly redis: Redis;
  readonly unsettledEventsMax: number;
  /** Adds a job again; resolves when Redis has it. */
  readonly resend: (job: UsageJob) => Promise<void>;
  /** Told what goes wrong while completions are listened for. */
  readonly onError: (error: Error) => void;
  /** For tests, which do not wait. */
  readonly lookIntervalMs?: number;
  readonly missedAfterMs?: number;
}

export class Outcomes {
  private readonly options: OutcomesOptions;
  private readonly completions: Completions;
  private readonly room: Budget;
  private readonly jobs = new Map<string, Awaited>();
  private timer: NodeJS.Timeout | undefined;
  private looking = false;

  constructor(options: OutcomesOptions) {
    this.options = options;
    this.room = new Budget(options.unsettledEventsMax, UNSETTLED_BYTES_MAX);
    this.completions = new Completions(options.queue, options.redis, {
      completed: (jobId, returned) => this.tell(jobId, returned),
      error: options.onError,
    });
  }

  /** To be awaited before a job is added. */
  listening(): Promise<void> {
    return this.options.unsettledEventsMax === 0 ? Promise.resolve() : this.completions.listening();
  }

  /** Awaits a job's outcome from before it is added; without room for it, its events are told so at once. */
  await(job: UsageJob): void {
    if (this.room.take(job.events.length, job.bytes)) {
      this.jobs.set(job.id, { job, isQueued: false, goneSinceMs: undefined, resends: 0 });
      return;
    }
    const reason = new TransientError(
      'outcome-not-awaited',
      `The outcome is not awaited: ${this.options.unsettledEventsMax} events (unsettledEventsMax) or ${UNSETTLED_BYTES_MAX} bytes of them wait for theirs already.`,
    );
    for (const { settled } of job.events) settled.reject(reason);
  }

  /** Redis has the job now. */
  queued(job: UsageJob): void {
    const awaited = this.jobs.get(job.id);
    if (awaited === undefined) return;
    awaited.isQueued = true;
    this.timer ??= setInterval(() => void this.look(), this.options.lookIntervalMs ?? LOOK_INTERVAL_MS);
  }

  /** The job will not come to an outcome that could be heard. */
  giveUp(job: UsageJob, reason: unknown): void {
    for (const { settled } of job.events) settled.reject(reason);
    this.forget(job);
  }

  /** Stops awaiting; what is open is given up for this reason. */
  async close(reason: unknown): Promise<void> {
    for (const { job } of [...this.jobs.values()]) this.giveUp(job, reason);
    await this.completions.close();
  }

  private tell(jobId: string, returned: unknown): void {
    const awaited = this.jobs.get(jobId);
    if (awaited === undefined) return; // another producer's, or told before
    const { job } = awaited;
    let outcomes: EventOutcome[];
    try {
      outcomes = outcomesOf(returned, job.events.length);
    } catch (error) {
      this.giveUp(job, error);
      return;
    }
    for (const [i, { queued, settled }] of job.events.entries()) {
      queued.resolve(); // the answer that it is queued may still be on its way
      settled.resolve(outcomes[i]!);
    }
    this.forget(job);
  }

  private forget(job: UsageJob): void {
    if (!this.jobs.delete(job.id)) return;
    this.room.give(job.events.length, job.bytes);
    if (this.jobs.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Looks up whether jobs are still there, those first that were not looked up for longest. */
  private async look(): Promise<void> {
    if (this.looking) return; // Redis is away
    this.looking = true;
    try {
      const page = [...this.jobs.values()].filter((one) => one.isQueued).slice(0, LOOK_JOBS_MAX);
      const pipeline = this.options.redis.pipeline();
      for (const { job } of page) pipeline.exists(this.options.queue.toKey(job.id));
      const replies = (await pipeline.exec()) ?? [];
      for (const [i, awaited] of page.entries()) {
        const [error, exists] = replies[i] ?? [];
        if (error === null && this.jobs.delete(awaited.job.id)) {
          this.jobs.set(awaited.job.id, awaited);
          this.judge(awaited, exists === 1);
        }
      }
    } catch {
      // Not answered: the next round asks again.
    } finally {
      this.looking = false;
    }
  }

  private judge(awaited: Awaited, isThere: boolean): void {
    const now = performance.now();
    if (isThere) awaited.goneSinceMs = undefined;
    else if (awaited.goneSinceMs === undefined) awaited.goneSinceMs = now;
    else if (now - awaited.goneSinceMs >= (this.options.missedAfterMs ?? MISSED_AFTER_MS)) this.sendAgain(awaited);
  }

  private sendAgain(awaited: Awaited): void {
    const { job } = awaited;
    if (awaited.resends >= RESENDS_MAX) {
      const words = `The job was gone ${RESENDS_MAX + 1} times without telling its outcome: something removes jobs from the queue.`;
      this.giveUp(job, new TransientError('outcome-unknown', words));
      return;
    }
    awaited.resends += 1;
    awaited.isQueued = false;
    awaited.goneSinceMs = undefined;
    this.options.resend(job).then(
      () => this.queued(job),
      (error: unknown) => this.giveUp(job, error),
    );
  }
}

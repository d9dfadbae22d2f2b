/**
 * Puts jobs on the queue `usage`, a few at a time, in the order they were closed.
 * A Redis that is away is waited for, one that refuses is asked a few times; each try is the same job with the same id
 * and the same events, so a try whose answer was lost and the next one are one job.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import { PermanentError } from '../core/errors.ts';
import type { ProducerConnection } from './connection.ts';
import type { UsageJob } from './job.ts';
import { JOBS_IN_FLIGHT_MAX, REFUSED_TRIES_MAX, RETRY_MS_MAX, RETRY_MS_MIN } from './limits.ts';
import { refusalOf } from './refusals.ts';

/** Name of a job of events (contract, "Usage event"). */
const JOB_NAME = 'events';

export interface SenderOptions {
  readonly queue: Queue;
  readonly connection: ProducerConnection;
  /** Resolves when completions are listened to: no job is added before that. */
  readonly listening: () => Promise<void>;
  /** Ends all trying; its reason is what jobs fail with. */
  readonly signal: AbortSignal;
}

export class Sender {
  private readonly options: SenderOptions;
  private readonly waiting: { readonly job: UsageJob; readonly done: PromiseWithResolvers<void> }[] = [];
  private inFlight = 0;

  constructor(options: SenderOptions) {
    this.options = options;
  }

  /** Resolves when Redis has the job. Rejects with a FlowlyError when it will not have it, or when the signal aborts. */
  send(job: UsageJob): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.waiting.push({ job, done });
    this.pump();
    return done.promise;
  }

  private pump(): void {
    while (this.inFlight < JOBS_IN_FLIGHT_MAX && this.waiting.length > 0) {
      const { job, done } = this.waiting.shift()!;
      this.inFlight += 1;
      this.deliver(job)
        .then(done.resolve, done.reject)
        .finally(() => {
          this.inFlight -= 1;
          this.pump();
        });
    }
  }

  private async deliver(job: UsageJob): Promise<void> {
    const { signal } = this.options;
    let refusals = 0;
    for (let waitMs = RETRY_MS_MIN; ; waitMs = Math.min(waitMs * 2, RETRY_MS_MAX)) {
      try {
        return await orAborted(this.add(job), signal);
      } catch (error) {
        signal.throwIfAborted();
        const refusal = refusalOf(error);
        if (refusal instanceof PermanentError) throw refusal;
        if (isFault(error))
          throw new PermanentError('internal', `The usage client failed: ${error.message}`, { cause: error });
        if (refusal !== undefined) refusals += 1;
        if (refusals >= REFUSED_TRIES_MAX) throw refusal;
      }
      await delay(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  private async add({ id, events }: UsageJob): Promise<void> {
    await this.options.connection.ready();
    await this.options.listening();
    // Nothing depends on these: the worker removes completed jobs and puts failed ones back, whatever is asked for.
    const options = { jobId: id, removeOnComplete: true, removeOnFail: false };
    await this.options.queue.add(JOB_NAME, { events: events.map((event) => event.wire) }, options);
  }
}

/** Settles as `work` does, or rejects when the signal aborts first. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** An error of this program rather than of a connection: trying again would not help. */
function isFault(error: unknown): error is Error {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof SyntaxError ||
    error instanceof ReferenceError
  );
}

/**
 * Jobs sent to the queues, and the wait until the workers of this process have done them. Each job carries the simulated
 * time as the time it was queued.
 * Invariant: a job is done when its worker says so; one that failed is put back, as the service does.
 */
import type { Queue } from 'bullmq';
import type { Clock } from '../../core/clock.ts';
import { retryFailed } from '../../workers/queues.ts';

export interface QueuedJob {
  readonly name: string;
  readonly data: object;
}

type Queues = { readonly usage: Queue; readonly accounts: Queue };

/** Only after a fault does a job lie in `failed`: looked for this often. */
const RETRY_FAILED_MS = 1_000;

export class SentJobs {
  private readonly queues: Queues;
  private readonly clock: Clock;
  private readonly signal: AbortSignal;
  private readonly open = new Set<string>();
  private done: () => void = () => undefined;
  private count = 0;

  constructor(queues: Queues, clock: Clock, signal: AbortSignal) {
    this.queues = queues;
    this.clock = clock;
    this.signal = signal;
  }

  /** Queues jobs in their order, in one step; resolves when all are done. Rejects when the signal aborts. */
  async send(name: keyof Queues, jobs: readonly QueuedJob[]): Promise<void> {
    this.signal.throwIfAborted();
    const queue = this.queues[name];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = resolve;
    const stop = (): void => reject(this.signal.reason);
    const timer = setInterval(() => void retryFailed(queue).catch(reject), RETRY_FAILED_MS);
    this.signal.addEventListener('abort', stop, { once: true });
    try {
      const bulk = jobs.map((job) => ({ ...job, opts: this.optionsOf() }));
      await Promise.all([queue.addBulk(bulk), promise]);
    } finally {
      clearInterval(timer);
      this.signal.removeEventListener('abort', stop);
    }
  }

  /** Told of every job that has left its queue. */
  completed(jobId: string): void {
    if (this.open.delete(jobId) && this.open.size === 0) this.done();
  }

  /** The id is known before the job is: its worker may have done it before Redis's answer is here. */
  private optionsOf() {
    this.count += 1;
    const jobId = `line-${this.count}`;
    this.open.add(jobId);
    return { jobId, timestamp: this.clock(), removeOnComplete: true, removeOnFail: false };
  }
}

/**
 * The queues between the platform and the program, and the program's own: their names, and how this service runs BullMQ
 * on them. Every option that exactly-once depends on is set here, for nothing may depend on the options a producer set.
 */
import { type Job, Queue, WaitingError, Worker, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

export const USAGE_QUEUE = 'usage';
export const ACCOUNTS_QUEUE = 'accounts';
/** What the platform hears; written by this program alone, read by the platform. */
export const PLATFORM_EVENTS_QUEUE = 'platform-events';
/** Where BullMQ puts a job when its time has come; written by this program alone. */
export const JOBS_QUEUE = 'jobs';

/** A worker that was killed holds its jobs this long: a kill costs seconds, and a busy event loop loses no lock. */
const LOCK_MS = 6_000;
/** How often jobs of killed workers are looked for. */
const STALLED_CHECK_MS = 2_000;
/** A stalled job is always put back: how often it may be started is counted by this program, not by BullMQ. */
const STALLED_MAX = 1_000_000;
/** Wait before fetching again after Redis failed; BullMQ's own 15 s would make every short outage a long one. */
const FETCH_RETRY_MS = 500;
/** Entries of the queue's event stream: return values stay readable for the last ones, and Redis stays small. */
const QUEUE_EVENTS_MAX = 1_000;

/** Of an error's words in the log: they are Redis's own, and the first line says it. */
const REASON_CHARS_MAX = 200;

/** Starts of one job after which it is committed alone, and after which it is set aside: it may be what kills us. */
export const STARTS_TOGETHER_MAX = 10;
export const STARTS_MAX = 13;

/** A queue as this program opens it. `prefix` is the partition's hash tag. */
export function openQueue(name: string, connection: Redis, prefix: string): Queue {
  return new Queue(name, { connection, prefix, streams: { events: { maxLen: QUEUE_EVENTS_MAX } } });
}

/**
 * Makes a worker that is not running yet. Completed jobs leave Redis at once, whatever their producer asked for.
 * The handler must not throw for anything that may pass: a job that fails waits for `retryFailed`.
 */
export function makeWorker<T>(
  name: string,
  handler: (job: Job) => Promise<T>,
  options: { readonly connection: Redis; readonly prefix: string; readonly concurrency: number },
): Worker {
  const settings: WorkerOptions = {
    ...options,
    autorun: false,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: STALLED_MAX,
    runRetryDelay: FETCH_RETRY_MS,
    removeOnComplete: { count: 0 },
  };
  const underWay: UnderWay = { jobs: new Set(), left: false };
  const worker = new Worker(
    name,
    async (job) => {
      // Its fetch was under way when the others were left.
      if (underWay.left) throw new WaitingError();
      job.opts.removeOnComplete = true;
      job.opts.removeOnFail = false;
      const { promise: left, reject } = Promise.withResolvers<never>();
      underWay.jobs.add(reject);
      try {
        return await Promise.race([handler(job), left]);
      } finally {
        underWay.jobs.delete(reject);
      }
    },
    settings,
  );
  jobsUnderWay.set(worker, underWay);
  return worker;
}

/** A worker's jobs, each with what lets it go; and whether all, those to come too, are left to the next start. */
interface UnderWay {
  readonly jobs: Set<(reason: Error) => void>;
  left: boolean;
}

const jobsUnderWay = new WeakMap<Worker, UnderWay>();

/**
 * Closes a worker: takes nothing new, and waits for what was taken; not with `force`, nor once `signal` aborts. What is
 * not waited for stays as it is in Redis, and is taken again when its lock has run out.
 */
export async function closeWorker(worker: Worker, signal: AbortSignal, force = false): Promise<void> {
  const leave = (): void => {
    const underWay = jobsUnderWay.get(worker)!;
    underWay.left = true;
    // To BullMQ this error says that its job has been taken care of.
    for (const reject of underWay.jobs) reject(new WaitingError());
  };
  if (force || signal.aborted) leave();
  else signal.addEventListener('abort', leave);
  try {
    await worker.close(force || signal.aborted);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** A Queue or a Worker, as far as its errors go. */
type ErrorSource = { on(event: 'error', listener: (error: Error) => void): unknown };

/** Logs a queue's or worker's errors; without a listener BullMQ prints stack traces whenever Redis is away. */
export function logQueueErrors(source: ErrorSource, queue: string, log: Logger, onUnreadable?: () => void): void {
  source.on('error', (error) => {
    // BullMQ could not parse a job, and its words quote it; unreadable-jobs.ts takes care of that job.
    if (error instanceof SyntaxError) return onUnreadable?.();
    const reason = error.message.slice(0, REASON_CHARS_MAX);
    log.warn({ event: 'queue-error', queue, reason }, 'the queue could not be reached');
  });
}

/** Puts back what lies in `failed`: no job of ours may stay there. Resolves to how many there were. */
export async function retryFailed(queue: Queue): Promise<number> {
  const failed = await queue.getFailedCount();
  if (failed > 0) await queue.retryJobs({ state: 'failed' });
  return failed;
}

/** When a job was queued (ms); never ahead of the clock, nor before 1970, whatever its producer wrote there. */
export function queuedAtOf(job: Job, now: number): number {
  const stamp = Math.floor(job.timestamp);
  return Number.isFinite(stamp) && stamp >= 0 ? Math.min(stamp, now) : now;
}

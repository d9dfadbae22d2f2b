/**
 * Runs the scheduled jobs when their time has come: a BullMQ job scheduler each, and a worker on the queue `jobs`.
 * A schedule that is there already with its pattern is left as it is, so that a run whose time passed while no service
 * ran is made up for. Each job has a place of its own in the worker and takes no second one: a long run (a million resets)
 * holds up no other job, and its own next time finds it at work. Another service may run the same job meanwhile.
 * Invariant: a run that fails stays no failed job; the schedule brings it again.
 */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { closeWorker, JOBS_QUEUE, logQueueErrors, makeWorker, openQueue } from '../workers/queues.ts';
import type { JobTools } from './job.ts';
import { JOB_TIME_ZONE, nextRunAfter, SCHEDULED_JOBS } from './registry.ts';
import { runJob } from './run-job.ts';

export interface ScheduleOptions {
  /** For BullMQ alone. */
  readonly connection: Redis;
  /** `signal` ends everything at once. */
  readonly tools: JobTools;
}

export interface RunningSchedule {
  /** Ends a run that is under way early, and lets go. */
  close(): Promise<void>;
}

export async function startSchedule({ connection, tools }: ScheduleOptions): Promise<RunningSchedule> {
  const { ledger, log } = tools;
  const prefix = ledger.keys.tag;
  const stopping = new AbortController();
  const signal = AbortSignal.any([tools.signal, stopping.signal]);
  const queue = openQueue(JOBS_QUEUE, connection, prefix);
  logQueueErrors(queue, JOBS_QUEUE, log);
  await schedule(queue);
  const underWay = new Set<string>();
  const worker = makeWorker(JOBS_QUEUE, (job) => runOnce(job.name, { ...tools, signal }, underWay), {
    connection,
    prefix,
    concurrency: SCHEDULED_JOBS.length,
  });
  logQueueErrors(worker, JOBS_QUEUE, log);
  worker.run().catch((error: unknown) => log.error({ event: 'schedule-stopped', err: error }, 'no job runs any more'));
  return {
    async close() {
      stopping.abort();
      await closeWorker(worker, tools.signal);
      await queue.close();
    },
  };
}

async function schedule(queue: Queue): Promise<void> {
  for (const { name, pattern } of SCHEDULED_JOBS) {
    nextRunAfter(pattern, Date.now()); // refuses a pattern that cannot be read
    const known = await queue.getJobScheduler(name);
    if (known?.pattern === pattern && known.tz === JOB_TIME_ZONE) continue;
    await queue.upsertJobScheduler(name, { pattern, tz: JOB_TIME_ZONE }, { name });
  }
}

/** Runs a job unless this process is still at it: it goes by what it finds, so the run under way does what is due now. */
async function runOnce(name: string, tools: JobTools, underWay: Set<string>): Promise<{ ok: boolean }> {
  if (underWay.has(name)) {
    tools.log.debug({ event: 'job-under-way', job: name }, 'its time came while it was at work: it goes on');
    return { ok: true };
  }
  underWay.add(name);
  try {
    return await runLogged(name, tools);
  } finally {
    underWay.delete(name);
  }
}

/** One run, told in the log. Never throws: the next time comes whatever happened. */
async function runLogged(name: string, tools: JobTools): Promise<{ ok: boolean }> {
  const { log, signal } = tools;
  try {
    const { ok, summary } = await runJob(name, tools);
    log[ok ? 'info' : 'error']({ event: 'job-ran', job: name, ok }, summary);
    return { ok };
  } catch (error) {
    if (!signal.aborted)
      log.error({ event: 'job-failed', job: name, err: error }, 'the job failed; its next time comes');
    return { ok: false };
  }
}

/** When each scheduled job runs next (ms), by name; without those that no service has scheduled. */
export async function scheduledTimes(queue: Queue): Promise<Map<string, number>> {
  const schedulers = await queue.getJobSchedulers();
  return new Map(schedulers.flatMap(({ key, next }) => (next === undefined ? [] : [[key, next] as const])));
}

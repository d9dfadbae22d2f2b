/**
 * Runs one scheduled job now and remembers how it ended. Invariant: a time ahead of the ledger's clock is a dry run, which
 * changes nothing and is not remembered; any other runs the job, whose commits go by the ledger's own clock.
 */
import { FlowlyError } from '../core/errors.ts';
import type { LedgerContext } from '../ledger/context.ts';
import { ledgerClock } from '../ledger/ledger-clock.ts';
import type { JobReport, JobTools } from './job.ts';
import { findJob } from './registry.ts';

/** A run as it is printed. */
export interface JobRun extends JobReport {
  readonly job: string;
  /** As of when it ran, ISO 8601. */
  readonly at: string;
  readonly dryRun: boolean;
}

/** The last run of a job as it is kept: without its table. */
export type LastRun = Pick<JobRun, 'at' | 'ok' | 'summary'>;

/**
 * Runs the job `name` as if it were `now` (ms; left out: the ledger's clock). Throws PermanentError `unknown-job`, and
 * what the job throws: that is remembered as its last result too, unless it was stopped.
 */
export async function runJob(name: string, tools: JobTools, { now }: { now?: number } = {}): Promise<JobRun> {
  const job = findJob(name);
  const clock = await ledgerClock(tools.ledger);
  const moment = { now: now ?? clock, dryRun: now !== undefined && now > clock };
  const at = new Date(moment.now).toISOString();
  if (moment.dryRun) return { job: name, at, dryRun: true, ...(await job.run(tools, moment)) };
  const ran = new Date(clock).toISOString(); // whatever time it was told
  try {
    const report = await job.run(tools, moment);
    await remember(tools.ledger, name, { at: ran, ok: report.ok, summary: report.summary });
    return { job: name, at, dryRun: false, ...report };
  } catch (error) {
    if (!tools.signal.aborted) await remember(tools.ledger, name, { at: ran, ok: false, summary: failure(error) });
    throw error;
  }
}

/** The last run of each job that has run, by name. */
export async function lastRuns({ redis, keys }: LedgerContext): Promise<Map<string, LastRun>> {
  const kept = await redis.hgetall(keys.jobRuns);
  return new Map(Object.entries(kept).map(([name, text]) => [name, JSON.parse(text) as LastRun]));
}

async function remember({ redis, keys }: LedgerContext, name: string, run: LastRun): Promise<void> {
  await redis.hset(keys.jobRuns, name, JSON.stringify(run));
}

/** Words of other programs' errors may quote data. */
function failure(error: unknown): string {
  return error instanceof FlowlyError ? `It failed: ${error.message}` : 'It failed; the log says more.';
}

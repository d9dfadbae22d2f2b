/** The scheduled jobs of this version, in the order in which they are listed. Owns looking one up by its name. */
import { defaultRepeatStrategy } from 'bullmq';
import { PermanentError } from '../core/errors.ts';
import type { ScheduledJob } from './job.ts';
import { reconcileJob } from './reconcile-job.ts';
import { redriveParked } from './redrive-parked.ts';

export const SCHEDULED_JOBS: readonly ScheduledJob[] = [redriveParked, reconcileJob];

/** Every pattern is read in this zone: a job is not run twice or never when clocks are changed. */
export const JOB_TIME_ZONE = 'UTC';

/** Throws PermanentError `unknown-job` with the names there are. */
export function findJob(name: string): ScheduledJob {
  const found = SCHEDULED_JOBS.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = SCHEDULED_JOBS.map((one) => one.name).join(', ');
  throw new PermanentError(
    'unknown-job',
    `There is no job ${JSON.stringify(name.slice(0, 40))}; the jobs are ${names}.`,
  );
}

/**
 * When a pattern's time comes next after an instant (ms). Asked of what schedules the jobs, so both read a pattern in the
 * same way. Throws PermanentError `pattern-invalid`.
 */
export function nextRunAfter(pattern: string, ms: number): number {
  let next: number | undefined;
  try {
    next = defaultRepeatStrategy(ms, { pattern, tz: JOB_TIME_ZONE }) as number | undefined;
  } catch (cause) {
    throw invalidPattern(pattern, cause);
  }
  if (next === undefined) throw invalidPattern(pattern);
  return next;
}

function invalidPattern(pattern: string, cause?: unknown): PermanentError {
  const words = cause instanceof Error ? ` (${cause.message})` : '';
  return new PermanentError(
    'pattern-invalid',
    `The cron pattern ${JSON.stringify(pattern)} never comes or cannot be read${words}.`,
    { cause },
  );
}

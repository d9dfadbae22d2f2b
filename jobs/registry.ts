/** The scheduled jobs of this version, in the order in which they are listed. Owns looking one up by its name. */
import { CronExpressionParser } from 'cron-parser';
import { PermanentError } from '../core/errors.ts';
import { cycleReset } from './cycle-reset.ts';
import { dailyLimits } from './daily-limits.ts';
import type { ScheduledJob } from './job.ts';
import { reconcileJob } from './reconcile-job.ts';
import { redriveParked } from './redrive-parked.ts';
import { thresholdCheck } from './threshold-check.ts';
import { usageDigest } from './usage-digest.ts';

export const SCHEDULED_JOBS: readonly ScheduledJob[] = [
  cycleReset,
  thresholdCheck,
  dailyLimits,
  reconcileJob,
  redriveParked,
  usageDigest,
];

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

/** Minute, hour, day of the month, month, day of the week. */
const PATTERN_FIELDS = 5;

/**
 * When a pattern's time comes next after an instant (ms). Read by the parser of what schedules the jobs, in the same
 * release and zone, so both read a pattern in the same way; it gives up on one that never comes. Throws PermanentError
 * `pattern-invalid`.
 */
export function nextRunAfter(pattern: string, ms: number): number {
  // The parser fills up one that is too short, and takes seconds in front.
  const fields = pattern.split(' ').length;
  if (fields !== PATTERN_FIELDS) throw invalidPattern(pattern, `it has ${fields} field(s), not ${PATTERN_FIELDS}`);
  try {
    return CronExpressionParser.parse(pattern, { currentDate: new Date(ms), tz: JOB_TIME_ZONE })
      .next()
      .getTime();
  } catch (cause) {
    throw invalidPattern(pattern, cause instanceof Error ? cause.message : 'no reason', cause);
  }
}

function invalidPattern(pattern: string, why: string, cause?: unknown): PermanentError {
  return new PermanentError(
    'pattern-invalid',
    `The cron pattern ${JSON.stringify(pattern)} never comes or cannot be read (${why}).`,
    { cause },
  );
}

/** The range of `usage`: instants as they are, bare dates at the first instant of that day in the time zone. */
import { dayStart } from '../../core/local-days.ts';
import { UsageError } from '../errors.ts';
import type { TimeFlag } from '../flags.ts';

const DAY_MS = 86_400_000;

/** `[fromMs, toMs)`. Throws UsageError when it is empty. */
export function rangeOf(
  from: TimeFlag | undefined,
  to: TimeFlag | undefined,
  timeZone: string,
): { fromMs?: number; toMs?: number } {
  const fromMs = from && instantOf(from, timeZone);
  const toMs = to && instantOf(to, timeZone);
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) {
    throw new UsageError(
      '--to is not after --from, but must be: the range runs from --from up to, not including, --to.',
      '--to',
    );
  }
  return { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
}

function instantOf(time: TimeFlag, timeZone: string): number {
  return 'ms' in time ? time.ms : dayStart(timeZone, Date.parse(`${time.date}T00:00:00Z`) / DAY_MS);
}

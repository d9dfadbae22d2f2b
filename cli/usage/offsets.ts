/**
 * The clock changes of a time zone within a span, for the buckets of `usage`. They are worked out here and not by
 * ClickHouse, whose own are off by a day in zones that once skipped one (Pacific/Apia), and so that a bucket's day is
 * the same as a ledger's. Every offset since 1972 is a multiple of a quarter of an hour.
 */
import { Temporal } from 'temporal-polyfill';
import { offsetMsAt } from '../../core/zones.ts';

/** From `startMs` on the zone's wall clock is `offsetSeconds` ahead of UTC. */
export interface Offset {
  readonly startMs: number;
  readonly offsetSeconds: number;
}

/** Clock changes in a span that are looked at: two a year for a thousand years. */
const CHANGES_MAX = 2_000;

/** The offsets in force from `fromMs` to `toMs`, the first one from `fromMs` on. */
export function offsetsBetween(timeZone: string, fromMs: number, toMs: number): Offset[] {
  const offsets: Offset[] = [{ startMs: fromMs, offsetSeconds: offsetMsAt(timeZone, fromMs) / 1000 }];
  let at = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(timeZone);
  for (let changes = 0; changes < CHANGES_MAX; changes += 1) {
    const next = at.getTimeZoneTransition('next');
    if (next === null || next.epochMilliseconds > toMs) return offsets;
    offsets.push({ startMs: next.epochMilliseconds, offsetSeconds: next.offsetNanoseconds / 1e9 });
    at = next;
  }
  return offsets;
}

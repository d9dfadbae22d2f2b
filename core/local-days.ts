/**
 * Local days: which calendar date an instant falls on in an account's zone, and when the next dates begin. A local day
 * may have 23, 24 or 25 hours, or not exist (Apia had no 30 December 2011). Days are counted from 1970-01-01.
 * Invariant: the day is that of the wall clock, whatever the clock changes around it.
 */
import { Temporal } from 'temporal-polyfill';
import { type Schedule, segmentAt } from './cycles.ts';
import { DAY_MS } from './limits.ts';
import { offsetMsAt } from './zones.ts';

/** A day and the instant it starts at, as seen by an account (a change of zone can start one in the middle of it). */
export type LocalDay = { readonly startMs: number; readonly day: number };

/** The local calendar date of an instant, as days since 1970-01-01. Hot: under 0.1 µs once the zone is known. */
export const localDayOf = (timeZone: string, ms: number): number =>
  Math.floor((ms + offsetMsAt(timeZone, ms)) / DAY_MS);

/** The first instant of a local date; of one that the zone skipped, the first instant after it. */
export const dayStart = (timeZone: string, day: number): number =>
  EPOCH_DATE.add({ days: day }).toZonedDateTime(timeZone).epochMilliseconds;

const EPOCH_DATE = Temporal.PlainDate.from('1970-01-01');

/** The local date of an instant for an account: in the zone of the segment that contains it. */
export const localDayAt = (schedule: Schedule, ms: number): number => localDayOf(segmentAt(schedule, ms).timeZone, ms);

/**
 * The day that contains `ms` and the ones that follow, `count` in all: for each the first instant it can be told by.
 * The first one's `startMs` is at or before `ms`. Where the account changes its zone, the day may change there too.
 */
export const upcomingDays = (schedule: Schedule, ms: number, count: number): LocalDay[] => {
  const first = segmentAt(schedule, ms);
  const today = localDayOf(first.timeZone, ms);
  const days: LocalDay[] = [{ startMs: Math.min(ms, dayStart(first.timeZone, today)), day: today }];
  let atMs = ms;
  // Each step goes on by a midnight or a change of zone, of which a schedule has few.
  while (days.length < count) {
    atMs = nextChange(schedule, atMs);
    const day = localDayAt(schedule, atMs);
    if (day !== days.at(-1)!.day) days.push({ startMs: atMs, day });
  }
  return days;
};

/** The next local midnight or the start of the next segment, whichever comes first. */
const nextChange = (schedule: Schedule, ms: number): number => {
  const { timeZone } = segmentAt(schedule, ms);
  let day = localDayOf(timeZone, ms) + 1;
  let startMs = dayStart(timeZone, day);
  while (startMs <= ms) {
    day += 1;
    startMs = dayStart(timeZone, day);
  }
  const change = schedule.find((segment) => segment.startMs > ms)?.startMs;
  return change === undefined ? startMs : Math.min(startMs, change);
};

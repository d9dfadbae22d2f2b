/**
 * Cycles (rule 1): when each one starts and ends. A boundary is the anchor plus k months in the account's zone, always
 * counted from the original anchor; cycle n is [boundary(n−1), boundary(n)), and cycle 0 is the time before the anchor.
 * A schedule is a list of segments, because a changed anchor or zone takes effect when the running cycle ends.
 * Invariant: numbers count on without a gap, and every cycle ends after it starts.
 */
import { Temporal } from 'temporal-polyfill';
import { CYCLE_AFTER_CHANGE_MS_MIN } from './limits.ts';

export { assertTimeZone, parseAnchor } from './zones.ts';

/** From cycle `cycle` (which starts at `startMs`) on: cycle c ends at boundary(anchor, timeZone, n + (c − cycle)). */
export type Segment = {
  readonly cycle: number;
  readonly startMs: number;
  readonly anchor: string;
  readonly timeZone: string;
  readonly n: number;
};

/** At least one segment, in order of cycles; the last one may still be pending. */
export type Schedule = readonly Segment[];

/**
 * The instant of anchor + k months (k ≥ 0). The day is clamped to the month's last; a local time that daylight saving
 * skips moves forward by the gap; one that occurs twice is the first. `anchor` as `parseAnchor` prints it.
 */
export const boundary = (anchor: string, timeZone: string, k: number): number => {
  const key = `${timeZone} ${anchor}`;
  let known = boundariesOf.get(key);
  if (known === undefined) {
    if (boundariesOf.size >= ANCHORS_KEPT_MAX) boundariesOf.clear();
    known = new Map();
    boundariesOf.set(key, known);
  }
  let instantMs = known.get(k);
  if (instantMs === undefined) {
    instantMs = Temporal.PlainDateTime.from(anchor)
      .add({ months: k }, { overflow: 'constrain' })
      .toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds;
    known.set(k, instantMs);
  }
  return instantMs;
};

/** A boundary takes 25 µs to compute and is asked for again and again; 10,000 anchors with a year each are 3 MB. */
const ANCHORS_KEPT_MAX = 10_000;
const boundariesOf = new Map<string, Map<number, number>>();

/** The first `count` cycles' boundaries: count + 1 instants. */
export const boundaries = (anchor: string, timeZone: string, count: number): number[] =>
  Array.from({ length: count + 1 }, (_, k) => boundary(anchor, timeZone, k));

/** The schedule of an account first seen at `clockMs`: it starts in the cycle that contains it, 0 before the anchor. */
export const startSchedule = (anchor: string, timeZone: string, clockMs: number): Schedule => {
  const cycle = boundariesUpTo(anchor, timeZone, clockMs);
  const startMs = cycle === 0 ? 0 : boundary(anchor, timeZone, cycle - 1);
  return [{ cycle, startMs, anchor, timeZone, n: cycle }];
};

/**
 * The schedule after a change while cycle `running.cycle` runs (it ends at `running.endMs`). The next cycle ends at the
 * first new boundary more than a day after that. A second change replaces the pending one; changing back removes it.
 */
export const changeSchedule = (
  schedule: Schedule,
  running: { readonly cycle: number; readonly endMs: number },
  anchor: string,
  timeZone: string,
): Schedule => {
  const begun = schedule.filter((segment) => segment.cycle <= running.cycle);
  const current = begun.at(-1)!;
  if (current.anchor === anchor && current.timeZone === timeZone) return begun;
  const n = boundariesUpTo(anchor, timeZone, running.endMs + CYCLE_AFTER_CHANGE_MS_MIN);
  return [...begun, { cycle: running.cycle + 1, startMs: running.endMs, anchor, timeZone, n }];
};

/** The instant at which a cycle ends and the next one starts. Before the first segment: counted back from its anchor. */
export const cycleEnd = (schedule: Schedule, cycle: number): number => {
  const segment = segmentOfCycle(schedule, cycle);
  return boundary(segment.anchor, segment.timeZone, segment.n + (cycle - segment.cycle));
};

/** The instant at which a cycle starts; 0 (1970) for cycle 0, which has no start. */
export const cycleStart = (schedule: Schedule, cycle: number): number => {
  const segment = segmentOfCycle(schedule, cycle);
  if (cycle === segment.cycle) return segment.startMs;
  return cycle <= 0 ? 0 : boundary(segment.anchor, segment.timeZone, segment.n + (cycle - 1 - segment.cycle));
};

/** The cycle that contains an instant; before the account's first cycle it counts back from the anchor, down to 0. */
export const cycleAt = (schedule: Schedule, ms: number): number => {
  const { anchor, timeZone, cycle, startMs, n } = segmentAt(schedule, ms);
  if (ms < startMs) return boundariesUpTo(anchor, timeZone, ms);
  // A segment's first cycle may contain boundaries of its anchor (those within a day of its start): they end nothing.
  return Math.max(cycle, cycle + boundariesUpTo(anchor, timeZone, ms) - n);
};

/** The segment that contains an instant; the first one for what lies before it. */
export const segmentAt = (schedule: Schedule, ms: number): Segment =>
  schedule.findLast((segment) => segment.startMs <= ms) ?? schedule[0]!;

/** The ends of `cycle` and the cycles after it, `count` of them. */
export const upcomingEnds = (schedule: Schedule, cycle: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => cycleEnd(schedule, cycle + i));

const segmentOfCycle = (schedule: Schedule, cycle: number): Segment =>
  schedule.findLast((segment) => segment.cycle <= cycle) ?? schedule[0]!;

/** How many boundaries k ≥ 0 lie at or before an instant: the number of the cycle that contains it. */
const boundariesUpTo = (anchor: string, timeZone: string, ms: number): number => {
  // Months on the calendar are at most one off (the zone's offset, the day and time in the month); then look.
  const at = new Date(ms);
  const months = (at.getUTCFullYear() - Number(anchor.slice(0, 4))) * 12 + at.getUTCMonth() + 1;
  let count = Math.max(0, months - Number(anchor.slice(5, 7)));
  while (boundary(anchor, timeZone, count) <= ms) count += 1;
  while (count > 0 && boundary(anchor, timeZone, count - 1) > ms) count -= 1;
  return count;
};

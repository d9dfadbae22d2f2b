/**
 * A second opinion on time zones for the tests: wall clocks read through Intl alone, which shares no code with the
 * Temporal polyfill that the rules use. Slow and plain.
 */

const MINUTE_MS = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock on the wall shows, as if it were UTC, in ms. */
export const wallClock = (timeZone: string, ms: number): number => {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return (
    Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!) +
    (((ms % 1000) + 1000) % 1000)
  );
};

/** The first instant at which the wall shows `wallMs`; where it never does, as far behind the gap as asked into it. */
export const firstInstantShowing = (timeZone: string, wallMs: number): number => {
  const shown = instantsShowing(timeZone, wallMs);
  if (shown.length > 0) return Math.min(...shown);
  // A skipped time: with the offset of before the gap, the clock shows it moved forward by the gap's length.
  return wallMs - (wallClock(timeZone, wallMs - 2 * DAY_MS) - (wallMs - 2 * DAY_MS));
};

const DAY_MS = 24 * 60 * MINUTE_MS;

/** Every offset the zone has had around here is tried. */
const instantsShowing = (timeZone: string, wallMs: number): number[] => {
  const offsets = [-2, -1, -0.5, 0, 0.5, 1, 2].map(
    (days) => wallClock(timeZone, wallMs + days * DAY_MS) - (wallMs + days * DAY_MS),
  );
  return [...new Set(offsets)].map((offset) => wallMs - offset).filter((ms) => wallClock(timeZone, ms) === wallMs);
};

/**
 * Time zones and anchors as they come in: IANA names and local date-times, refused when they are not (an unknown zone
 * is never replaced by UTC). Owns the offset of a zone at an instant, cached by the stretch between two clock changes.
 */
import { Temporal } from 'temporal-polyfill';
import { PermanentError } from './errors.ts';
import { ANCHOR_YEAR_MAX, ANCHOR_YEAR_MIN } from './limits.ts';

/** Names such as Europe/Berlin, UTC, Etc/GMT+5. Shuts out "+02:00" and bracketed strings, which Temporal would take. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;
const LOCAL_DATE_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)?$/;

/** The zone's name in the spelling of the zone database ("europe/berlin" → "Europe/Berlin"). Throws `unknown-time-zone`. */
export const assertTimeZone = (name: string): string => {
  if (ZONE_NAME.test(name)) {
    try {
      return zoned(name, 0).timeZoneId;
    } catch (cause) {
      throw unknownZone(name, cause);
    }
  }
  throw unknownZone(name);
};

/**
 * A local date-time without an offset, such as "2026-01-31T00:00:00" or "2026-01-31", in one spelling
 * (`YYYY-MM-DDTHH:MM:SS`, milliseconds only where they are not 0). Throws `anchor-malformed`.
 */
export const parseAnchor = (text: string): string => {
  const anchor = LOCAL_DATE_TIME.test(text) ? localDateTime(text) : undefined;
  if (anchor === undefined || anchor.year < ANCHOR_YEAR_MIN || anchor.year > ANCHOR_YEAR_MAX) {
    throw new PermanentError(
      'anchor-malformed',
      `The anchor must be a local date-time that exists, such as "2026-01-31T00:00:00", without an offset, of the years ${ANCHOR_YEAR_MIN} to ${ANCHOR_YEAR_MAX}.`,
    );
  }
  return anchor.toString({ smallestUnit: anchor.millisecond === 0 ? 'second' : 'millisecond' });
};

/** What to add to UTC to get the zone's wall clock at this instant, in ms. Hot: a look-up and two comparisons. */
export const offsetMsAt = (timeZone: string, ms: number): number => {
  let stretches = stretchesOf.get(timeZone);
  if (stretches === undefined) {
    stretches = [];
    stretchesOf.set(timeZone, stretches);
  }
  for (const stretch of stretches) if (ms >= stretch.fromMs && ms < stretch.toMs) return stretch.offsetMs;
  const found = stretchAt(timeZone, ms);
  stretches.push(found);
  return found.offsetMs;
};

/** Between two clock changes the offset stands still. */
type Stretch = { readonly fromMs: number; readonly toMs: number; readonly offsetMs: number };

/** Bounded by the zone database: some 600 names, a few hundred changes each, of which events touch three or four. */
const stretchesOf = new Map<string, Stretch[]>();

const stretchAt = (timeZone: string, ms: number): Stretch => {
  const here = zoned(timeZone, ms);
  const next = here.getTimeZoneTransition('next');
  // "previous" looks strictly before, so it is asked from just behind this millisecond: a change at `ms` counts.
  const previous = zoned(timeZone, ms + 1).getTimeZoneTransition('previous');
  return {
    fromMs: previous === null ? Number.NEGATIVE_INFINITY : previous.epochMilliseconds,
    toMs: next === null ? Number.POSITIVE_INFINITY : next.epochMilliseconds,
    offsetMs: here.offsetNanoseconds / 1e6,
  };
};

const zoned = (timeZone: string, ms: number): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);

const localDateTime = (text: string): Temporal.PlainDateTime | undefined => {
  try {
    return Temporal.PlainDateTime.from(text, { overflow: 'reject' });
  } catch {
    return undefined; // the caller names the field and what is accepted
  }
};

const unknownZone = (name: string, cause?: unknown): PermanentError =>
  new PermanentError(
    'unknown-time-zone',
    `"${name.slice(0, 64)}" is not a time zone this program knows; accepted are IANA names such as "Europe/Berlin".`,
    { cause },
  );

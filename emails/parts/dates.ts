/**
 * Dates on the reader's wall clock: absolute by the locale, relative in English as part of the sentence around them
 * ("Tue 1 Dec, in 9 days"). Days are counted by the calendar, so a clock change in between adds none.
 * A time is written only where it is not midnight; a year only where the date could be taken for one of another year.
 */

import { DAY_MS, HOUR_MS } from '../../core/limits.ts';
import { localDayOf } from '../../core/local-days.ts';
import { LOCALE_DEFAULT } from './numbers.ts';

export interface Dates {
  /** "Tue 1 Dec", with the time if it is not midnight: "Tue 1 Dec at 14:30". */
  date(ms: number): string;
  /** The same and how far away: "Tue 1 Dec, in 9 days". */
  when(ms: number): string;
  /** For the records: with year and time, always. */
  dateTime(ms: number): string;
  /** The date alone, of an instant or of a day counted from 1970-01-01. */
  dayOf(ms: number): string;
  day(day: number): string;
  /** Calendar days from one instant to another. */
  daysBetween(fromMs: number, toMs: number): number;
}

const MINUTE_MS = 60_000;
/** Half a year away, a day and a month are still of one year only. */
const YEARLESS_DAYS_MAX = 180;

/** "Tue 1 Dec" is read alike everywhere; "12/1" and "Dec 1" are left to those who ask for en-US. */
const dateLocale = (locale: string): string => (locale === LOCALE_DEFAULT ? 'en-GB' : locale);

export const datesFor = (locale: string, timeZone: string, nowMs: number): Dates => {
  const words = { weekday: 'short', day: 'numeric', month: 'short' } as const;
  const format = (options: Intl.DateTimeFormatOptions, zone: string) =>
    new Intl.DateTimeFormat(dateLocale(locale), { ...options, timeZone: zone });
  const clock = format({ hour: '2-digit', minute: '2-digit' }, timeZone);
  const [near, far] = [format(words, 'UTC'), format({ ...words, year: 'numeric' }, 'UTC')];
  const today = localDayOf(timeZone, nowMs);
  const day = (one: number): string => (Math.abs(one - today) < YEARLESS_DAYS_MAX ? near : far).format(one * DAY_MS);
  const dayOf = (ms: number): string => day(localDayOf(timeZone, ms));
  const timed = (date: string, ms: number): string => `${date} at ${clock.format(ms)}`;
  const startsDay = (ms: number): boolean => localDayOf(timeZone, ms) !== localDayOf(timeZone, ms - 1);
  const date = (ms: number): string => (startsDay(ms) ? dayOf(ms) : timed(dayOf(ms), ms));
  const daysBetween = (fromMs: number, toMs: number): number =>
    localDayOf(timeZone, toMs) - localDayOf(timeZone, fromMs);
  return {
    date,
    when: (ms) => `${date(ms)}, ${distance(ms - nowMs, daysBetween(nowMs, ms))}`,
    dateTime: (ms) => timed(far.format(localDayOf(timeZone, ms) * DAY_MS), ms),
    dayOf,
    day,
    daysBetween,
  };
};

/** How far away an instant is: by the hour within a day, by calendar days beyond. */
const distance = (ms: number, days: number): string => {
  const size = Math.abs(ms);
  if (size < MINUTE_MS) return 'now';
  const words = size < DAY_MS ? hoursAndMinutes(size) : plural(Math.abs(days), 'day');
  return ms > 0 ? `in ${words}` : `${words} ago`;
};

/** "9 days", "5 hours 20 minutes"; minutes are rounded up, so that nothing is promised early. */
const hoursAndMinutes = (ms: number): string => {
  const minutes = Math.ceil(ms / MINUTE_MS);
  const [hours, rest] = [Math.floor(minutes / (HOUR_MS / MINUTE_MS)), minutes % 60];
  if (hours === 0) return plural(rest, 'minute');
  return rest === 0 ? plural(hours, 'hour') : `${plural(hours, 'hour')} ${plural(rest, 'minute')}`;
};

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

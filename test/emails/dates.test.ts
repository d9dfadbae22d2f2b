/** Dates on the account's wall clock: absolute and relative, across clock changes, midnights and years. */
import { describe, expect, test } from '@jest/globals';
import { datesFor } from '../../emails/parts/dates.ts';

const CASES: [zone: string, now: string, at: string, said: string][] = [
  ['Europe/Berlin', '2026-11-22T10:00:00+01:00', '2026-12-01T00:00:00+01:00', 'Tue 1 Dec, in 9 days'],
  // Late in the evening in Berlin it is the next day in Tokyo.
  ['Asia/Tokyo', '2026-11-22T23:00:00+01:00', '2026-12-01T00:00:00+09:00', 'Tue 1 Dec, in 8 days'],
  // The clock goes back on 25 October (a day of 25 hours) and forward on 29 March (23 hours): still whole days.
  ['Europe/Berlin', '2026-10-24T00:00:00+02:00', '2026-10-26T00:00:00+01:00', 'Mon 26 Oct, in 2 days'],
  ['Europe/Berlin', '2026-03-28T00:00:00+01:00', '2026-03-30T00:00:00+02:00', 'Mon 30 Mar, in 2 days'],
  ['Europe/Berlin', '2026-03-28T23:59:00+01:00', '2026-03-30T00:00:00+02:00', 'Mon 30 Mar, in 23 hours 1 minute'],
  ['Europe/Berlin', '2026-10-25T00:00:00+02:00', '2026-10-26T00:00:00+01:00', 'Mon 26 Oct, in 1 day'],
  // Midnight itself is skipped in Beirut: the day starts at 01:00, and needs no time.
  ['Asia/Beirut', '2026-03-27T12:00:00+02:00', '2026-03-29T01:00:00+03:00', 'Sun 29 Mar, in 2 days'],
  // 02:30 comes twice on 25 October; both are told as the wall clock shows them.
  ['Europe/Berlin', '2026-10-20T12:00:00+02:00', '2026-10-25T02:30:00+02:00', 'Sun 25 Oct at 02:30, in 5 days'],
  ['Europe/Berlin', '2026-10-20T12:00:00+02:00', '2026-10-25T02:30:00+01:00', 'Sun 25 Oct at 02:30, in 5 days'],
  // Within a day by the hour, minutes rounded up.
  ['Europe/Berlin', '2026-11-22T18:40:00+01:00', '2026-11-23T00:00:00+01:00', 'Mon 23 Nov, in 5 hours 20 minutes'],
  ['Europe/Berlin', '2026-11-22T22:00:00+01:00', '2026-11-23T00:00:00+01:00', 'Mon 23 Nov, in 2 hours'],
  ['Europe/Berlin', '2026-11-22T23:58:30+01:00', '2026-11-23T00:00:00+01:00', 'Mon 23 Nov, in 2 minutes'],
  ['Europe/Berlin', '2026-11-22T23:59:59+01:00', '2026-11-23T00:00:00+01:00', 'Mon 23 Nov, now'],
  ['Europe/Berlin', '2026-11-25T10:00:00+01:00', '2026-11-22T10:00:00+01:00', 'Sun 22 Nov at 10:00, 3 days ago'],
  // A year is said only where the date could be of another.
  ['UTC', '2026-12-22T10:00:00Z', '2027-01-01T00:00:00Z', 'Fri 1 Jan, in 10 days'],
  ['UTC', '2026-12-22T10:00:00Z', '2027-12-01T00:00:00Z', 'Wed, 1 Dec 2027, in 344 days'],
  // Quarter hours of offset, and a date that Apia never had.
  ['Asia/Kathmandu', '2026-11-22T10:00:00Z', '2026-11-30T18:15:00Z', 'Tue 1 Dec, in 9 days'],
  ['Pacific/Apia', '2011-12-29T12:00:00-10:00', '2011-12-31T00:00:00+14:00', 'Sat 31 Dec, in 12 hours'],
];

test.each(CASES)('%s: from %s to %s', (zone, now, at, said) => {
  expect(datesFor('en', zone, Date.parse(now)).when(Date.parse(at))).toBe(said);
});

describe('the locale writes the date', () => {
  const at = Date.parse('2026-12-01T00:00:00+01:00');
  test.each([
    ['en', 'Tue 1 Dec'],
    ['en-US', 'Tue, Dec 1'],
    ['de-DE', 'Di., 1. Dez.'],
    ['fr-FR', 'mar. 1 déc.'],
    ['ja', '12月1日(火)'],
  ])('%s: %s', (locale, said) => {
    expect(datesFor(locale, 'Europe/Berlin', at - 864e5 * 9).when(at)).toBe(`${said}, in 9 days`);
  });
});

test('records have the year and the time', () => {
  const at = Date.parse('2026-11-22T10:20:00+01:00');
  expect(datesFor('en', 'Europe/Berlin', at).dateTime(at)).toBe('Sun, 22 Nov 2026 at 10:20');
});

test('calendar days between two instants', () => {
  const { daysBetween } = datesFor('en', 'Europe/Berlin', 0);
  const [late, early] = [Date.parse('2026-10-24T23:59:00+02:00'), Date.parse('2026-10-26T00:01:00+01:00')];
  expect(daysBetween(late, early)).toBe(2);
});

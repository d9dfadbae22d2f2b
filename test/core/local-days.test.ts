/** Local days: of 23, 24, 25 hours, skipped ones, and what an account sees of them when it changes its zone. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { changeSchedule, cycleEnd, startSchedule } from '../../core/cycles.ts';
import { DAY_MS, HOUR_MS } from '../../core/limits.ts';
import { dayStart, localDayAt, localDayOf, upcomingDays } from '../../core/local-days.ts';
import { wallClock } from './wall-clock.ts';

const utc = (text: string) => Date.parse(text);
const dayNumber = (date: string) => utc(`${date}T00:00:00Z`) / DAY_MS;
const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');
const dateOf = (day: number) => iso(day * DAY_MS).slice(0, 10);

describe('the day of an instant', () => {
  test.each([
    ['Europe/Berlin', '2026-03-28T22:59:59.999Z', '2026-03-28'],
    ['Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29'],
    ['Europe/Berlin', '2026-03-29T21:59:59.999Z', '2026-03-29'], // 23 hours later
    ['Europe/Berlin', '2026-03-29T22:00:00Z', '2026-03-30'],
    ['America/New_York', '2026-11-01T04:00:00Z', '2026-11-01'],
    ['America/New_York', '2026-11-02T04:59:59.999Z', '2026-11-01'], // 25 hours later
    ['America/New_York', '2026-11-02T05:00:00Z', '2026-11-02'],
    ['Pacific/Apia', '2011-12-30T09:59:59.999Z', '2011-12-29'],
    ['Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-31'], // there was no 30th
    ['UTC', '1969-12-31T23:59:59.999Z', '1969-12-31'],
  ])('%s, %s', (zone, instant, date) => {
    expect(localDayOf(zone, utc(instant))).toBe(dayNumber(date));
  });

  test('is the date on the wall, everywhere and always', () => {
    const zone = fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'America/St_Johns',
      'Asia/Kolkata',
    );
    fc.assert(
      fc.property(
        zone,
        fc.integer({ min: utc('1985-01-01T00:00:00Z'), max: utc('2036-01-01T00:00:00Z') }),
        (timeZone, ms) => {
          expect(localDayOf(timeZone, ms)).toBe(Math.floor(wallClock(timeZone, ms) / DAY_MS));
        },
      ),
      { numRuns: 500 },
    );
  });
});

test.each([
  ['Europe/Berlin', '2026-03-29', 23],
  ['Europe/Berlin', '2026-10-25', 25],
  ['America/New_York', '2026-03-08', 23],
  ['America/New_York', '2026-11-01', 25],
  ['Australia/Lord_Howe', '2026-10-04', 23.5],
  ['Australia/Lord_Howe', '2026-04-05', 24.5],
  ['Africa/Cairo', '2026-04-24', 23], // starts at 01:00
  ['Pacific/Apia', '2011-12-30', 0],
  ['UTC', '2026-03-29', 24],
])('in %s, %s has %d hours', (zone, date, hours) => {
  const day = dayNumber(date);
  expect(dayStart(zone, day + 1) - dayStart(zone, day)).toBe(hours * HOUR_MS);
});

describe('the days to come', () => {
  const seen = (zone: string, at: string, count: number) =>
    upcomingDays(startSchedule('2026-01-01T00:00:00', zone, utc(at)), utc(at), count).map(({ startMs, day }) => [
      iso(startMs),
      dateOf(day),
    ]);

  test('start with the one that contains the instant', () => {
    expect(seen('Europe/Berlin', '2026-10-24T12:00:00Z', 4)).toEqual([
      ['2026-10-23T22:00:00Z', '2026-10-24'],
      ['2026-10-24T22:00:00Z', '2026-10-25'],
      ['2026-10-25T23:00:00Z', '2026-10-26'],
      ['2026-10-26T23:00:00Z', '2026-10-27'],
    ]);
  });

  test('a midnight belongs to the day it starts', () => {
    expect(seen('UTC', '2026-10-24T00:00:00Z', 2)).toEqual([
      ['2026-10-24T00:00:00Z', '2026-10-24'],
      ['2026-10-25T00:00:00Z', '2026-10-25'],
    ]);
  });

  test('leave out a day that the zone skipped', () => {
    expect(seen('Pacific/Apia', '2011-12-29T12:00:00Z', 3).map(([, date]) => date)).toEqual([
      '2011-12-29',
      '2011-12-31',
      '2012-01-01',
    ]);
  });

  test('follow a change of zone at the end of the cycle, even back to the day before', () => {
    const start = startSchedule('2026-01-10T00:00:00', 'Pacific/Auckland', utc('2026-03-01T00:00:00Z'));
    const endMs = cycleEnd(start, 2); // 2026-03-10 00:00 in Auckland is 2026-03-09 07:00 in New York
    const schedule = changeSchedule(start, { cycle: 2, endMs }, '2026-01-10T00:00:00', 'America/New_York');
    const days = upcomingDays(schedule, endMs - HOUR_MS, 3);
    expect(days.map(({ startMs, day }) => [iso(startMs), dateOf(day)])).toEqual([
      ['2026-03-08T11:00:00Z', '2026-03-09'],
      ['2026-03-10T04:00:00Z', '2026-03-10'],
      ['2026-03-11T04:00:00Z', '2026-03-11'],
    ]);
    expect(dateOf(localDayAt(schedule, endMs - 1))).toBe('2026-03-09');
    expect(dateOf(localDayAt(schedule, endMs))).toBe('2026-03-09');
  });

  test('tell the day of every instant until the last of them ends', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Auckland', 'Pacific/Honolulu');
    const ms = fc.integer({ min: utc('2026-02-01T00:00:00Z'), max: utc('2026-12-01T00:00:00Z') });
    fc.assert(
      fc.property(zone, zone, ms, fc.integer({ min: 0, max: 80 * DAY_MS }), (from, to, ms, laterMs) => {
        const start = startSchedule('2026-01-10T05:00:00', from, ms);
        const { cycle } = start[0]!;
        const schedule = changeSchedule(start, { cycle, endMs: cycleEnd(start, cycle) }, '2026-01-20T00:00:00', to);
        const at = ms + laterMs;
        const told = upcomingDays(schedule, ms, 90).findLast(({ startMs }) => startMs <= at);
        expect(told?.day).toBe(localDayAt(schedule, at));
      }),
    );
  });
});

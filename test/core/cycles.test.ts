/** Rule 1: boundaries from the original anchor, month ends, clock changes; anchors that are skipped or ambiguous. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { boundaries, boundary, cycleAt, cycleEnd, cycleStart, startSchedule, upcomingEnds } from '../../core/cycles.ts';
import { firstInstantShowing } from './wall-clock.ts';

const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');
const utc = (text: string) => Date.parse(text);

describe('boundaries', () => {
  test.each<[string, string, string, number, string[]]>([
    [
      'the 31st is clamped to each month’s last day and comes back',
      '2026-01-31T00:00:00',
      'UTC',
      5,
      ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31', '2026-06-30'],
    ],
    ['in a leap year February has 29', '2028-01-31T00:00:00', 'UTC', 2, ['2028-01-31', '2028-02-29', '2028-03-31']],
    ['the 30th', '2027-12-30T00:00:00', 'UTC', 3, ['2027-12-30', '2028-01-30', '2028-02-29', '2028-03-30']],
    ['the 29th of a common year', '2027-01-29T00:00:00', 'UTC', 2, ['2027-01-29', '2027-02-28', '2027-03-29']],
    ['the 28th is never clamped', '2027-01-28T00:00:00', 'UTC', 2, ['2027-01-28', '2027-02-28', '2027-03-28']],
    ['29 February', '2028-02-29T00:00:00', 'UTC', 12, [...leapYear(), '2029-02-28']],
  ])('%s', (_what, anchor, zone, count, days) => {
    expect(boundaries(anchor, zone, count).map(iso)).toEqual(days.map((day) => `${day}T00:00:00Z`));
  });

  test.each<[string, string, string, number, string]>([
    ['Berlin in winter', '2026-01-31T00:00:00', 'Europe/Berlin', 0, '2026-01-30T23:00:00Z'],
    ['Berlin in summer', '2026-01-31T00:00:00', 'Europe/Berlin', 3, '2026-04-29T22:00:00Z'],
    ['skipped in Berlin: 02:30 → 03:30', '2026-02-28T02:30:00', 'Europe/Berlin', 13, '2027-03-28T01:30:00Z'],
    ['and the month after at 02:30 again', '2026-02-28T02:30:00', 'Europe/Berlin', 14, '2027-04-28T00:30:00Z'],
    ['twice in Berlin: the first', '2026-09-25T02:30:00', 'Europe/Berlin', 1, '2026-10-25T00:30:00Z'],
    ['skipped in New York: 02:30 → 03:30', '2026-02-08T02:30:00', 'America/New_York', 1, '2026-03-08T07:30:00Z'],
    ['twice in New York: the first', '2026-10-01T01:30:00', 'America/New_York', 1, '2026-11-01T05:30:00Z'],
    [
      'skipped on Lord Howe, by 30 minutes: 02:15 → 02:45',
      '2026-09-04T02:15:00',
      'Australia/Lord_Howe',
      1,
      '2026-10-03T15:45:00Z',
    ],
    ['twice on Lord Howe: the first', '2026-03-05T01:45:00', 'Australia/Lord_Howe', 1, '2026-04-04T14:45:00Z'],
    ['the day that Apia skipped: a day later', '2011-11-30T12:00:00', 'Pacific/Apia', 1, '2011-12-30T22:00:00Z'],
    ['midnight skipped in Cairo: 00:00 → 01:00', '2026-03-24T00:00:00', 'Africa/Cairo', 1, '2026-04-23T22:00:00Z'],
    ['an anchor that is itself skipped', '2026-03-29T02:30:00', 'Europe/Berlin', 0, '2026-03-29T01:30:00Z'],
    ['counts on from the time it names', '2026-03-29T02:30:00', 'Europe/Berlin', 1, '2026-04-29T00:30:00Z'],
    ['an anchor that occurs twice', '2026-10-25T02:30:00', 'Europe/Berlin', 0, '2026-10-25T00:30:00Z'],
    ['counts on from the time it names too', '2026-10-25T02:30:00', 'Europe/Berlin', 1, '2026-11-25T01:30:00Z'],
  ])('%s', (_what, anchor, zone, k, instant) => {
    expect(iso(boundary(anchor, zone, k))).toBe(instant);
  });

  test('agree with the clocks on the wall, in every zone and on every anchor day', () => {
    const zone = fc.constantFrom(
      ...['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/St_Johns'],
      ...['Africa/Cairo', 'Pacific/Chatham', 'Antarctica/Troll', 'America/Santiago', 'Africa/Casablanca'],
    );
    const field = (min: number, max: number) => fc.integer({ min, max });
    fc.assert(
      fc.property(
        zone,
        field(2015, 2035),
        field(1, 12),
        field(28, 31),
        field(0, 47),
        field(0, 60),
        (timeZone, y, m, d, half, k) => {
          const lastDay = (year: number, month: number) => new Date(Date.UTC(year, month, 0)).getUTCDate();
          const day = Math.min(d, lastDay(y, m));
          const minutes = half * 30;
          const anchor = new Date(Date.UTC(y, m - 1, day, 0, minutes)).toISOString().slice(0, 19);
          const wall = Date.UTC(y, m - 1 + k, Math.min(day, lastDay(y, m + k)), 0, minutes);
          expect(iso(boundary(anchor, timeZone, k))).toBe(iso(firstInstantShowing(timeZone, wall)));
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('a schedule', () => {
  const anchor = '2026-01-31T00:00:00';
  const schedule = startSchedule(anchor, 'Europe/Berlin', utc('2026-03-10T12:00:00Z'));

  test('starts in the cycle that contains the clock', () => {
    expect(schedule).toEqual([
      { cycle: 2, startMs: utc('2026-02-27T23:00:00Z'), anchor, timeZone: 'Europe/Berlin', n: 2 },
    ]);
    expect(iso(cycleStart(schedule, 2))).toBe('2026-02-27T23:00:00Z');
    expect(iso(cycleEnd(schedule, 2))).toBe('2026-03-30T22:00:00Z');
    expect(upcomingEnds(schedule, 2, 2).map(iso)).toEqual(['2026-03-30T22:00:00Z', '2026-04-29T22:00:00Z']);
  });

  test.each([
    ['2026-01-30T22:59:59.999Z', 0],
    ['2026-01-30T23:00:00Z', 1], // half-open: the boundary belongs to the cycle it starts
    ['2026-02-27T22:59:59.999Z', 1],
    ['2026-02-27T23:00:00Z', 2],
    ['2026-03-30T21:59:59.999Z', 2],
    ['2026-03-30T22:00:00Z', 3],
    ['2030-01-30T23:00:00Z', 49],
    ['1980-01-01T00:00:00Z', 0],
  ])('%s lies in cycle %d', (instant, cycle) => {
    expect(cycleAt(schedule, utc(instant))).toBe(cycle);
  });

  test('before its anchor an account is in cycle 0, which ends at the anchor', () => {
    const early = startSchedule(anchor, 'UTC', utc('2025-06-01T00:00:00Z'));
    expect(early).toEqual([{ cycle: 0, startMs: 0, anchor, timeZone: 'UTC', n: 0 }]);
    expect(upcomingEnds(early, 0, 3).map(iso)).toEqual([
      '2026-01-31T00:00:00Z',
      '2026-02-28T00:00:00Z',
      '2026-03-31T00:00:00Z',
    ]);
    expect(cycleAt(early, utc('2026-01-30T23:59:59.999Z'))).toBe(0);
    expect(cycleAt(early, utc('2026-01-31T00:00:00Z'))).toBe(1);
  });

  test('a cycle that starts at the very clock is the one', () => {
    expect(startSchedule(anchor, 'UTC', utc('2026-02-28T00:00:00Z'))[0]!.cycle).toBe(2);
  });

  test('numbers, starts and ends agree for every anchor day over years', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Auckland');
    const day = fc.integer({ min: 28, max: 31 });
    const ms = fc.integer({ min: utc('2024-01-01T00:00:00Z'), max: utc('2031-01-01T00:00:00Z') });
    fc.assert(
      fc.property(zone, day, ms, ms, (timeZone, anchorDay, firstSeenMs, ms) => {
        const s = startSchedule(`2026-01-${anchorDay}T02:30:00`, timeZone, firstSeenMs);
        const cycle = cycleAt(s, ms);
        expect(cycleStart(s, cycle)).toBeLessThanOrEqual(ms);
        expect(cycleEnd(s, cycle)).toBeGreaterThan(ms);
        expect(cycleEnd(s, cycle)).toBe(cycleStart(s, cycle + 1));
      }),
    );
  });
});

/** The twelve boundaries from 29 February 2028 on: the 29th is in every month. */
function leapYear(): string[] {
  const months = ['02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12'];
  return [...months.map((month) => `2028-${month}-29`), '2029-01-29'];
}

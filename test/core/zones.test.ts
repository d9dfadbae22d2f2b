/** Zones and anchors as they come in: one spelling, or a refusal. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assertTimeZone, offsetMsAt, parseAnchor } from '../../core/zones.ts';
import { wallClock } from './wall-clock.ts';

describe('a time zone', () => {
  test.each([
    ['Europe/Berlin', 'Europe/Berlin'],
    ['europe/berlin', 'Europe/Berlin'],
    ['UTC', 'UTC'],
    ['utc', 'UTC'],
    ['Etc/GMT+5', 'Etc/GMT+5'],
    ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
  ])('%s is %s', (name, spelled) => {
    expect(assertTimeZone(name)).toBe(spelled);
  });

  test.each([
    '',
    'Mars/Olympus',
    'Berlin',
    '+02:00',
    '-05',
    '2020-01-01T00:00Z[Europe/Berlin]',
    'Europe/Berlin ',
    'constructor',
    'x'.repeat(99),
  ])('%j is refused, not replaced', (name) => {
    expect(() => assertTimeZone(name)).toThrow(expect.objectContaining({ code: 'unknown-time-zone' }));
  });

  test('has the offset that its wall clocks show, just before and just after every change too', () => {
    const zone = fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Africa/Casablanca',
      'Asia/Tokyo',
    );
    const ms = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2036, 0) });
    fc.assert(
      fc.property(zone, ms, (timeZone, ms) => {
        expect(offsetMsAt(timeZone, ms)).toBe(wallClock(timeZone, ms) - ms);
      }),
      { numRuns: 500 },
    );
    for (const change of ['2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z'].map(Date.parse)) {
      for (const ms of [change - 1, change, change + 1]) {
        expect(offsetMsAt('Europe/Berlin', ms)).toBe(wallClock('Europe/Berlin', ms) - ms);
      }
    }
  });
});

test('the instant of a change itself has the new offset, whichever is asked for first', () => {
  const change = Date.parse('2026-03-29T01:00:00Z');
  expect(offsetMsAt('Europe/Paris', change)).toBe(2 * 3_600_000);
  expect(offsetMsAt('Europe/Paris', change - 1)).toBe(3_600_000);
});

describe('an anchor', () => {
  test.each([
    ['2026-01-31T00:00:00', '2026-01-31T00:00:00'],
    ['2026-01-31T09:30', '2026-01-31T09:30:00'],
    ['2026-01-31', '2026-01-31T00:00:00'],
    ['2026-01-31T00:00:00.000', '2026-01-31T00:00:00'],
    ['2026-01-31T00:00:00.25', '2026-01-31T00:00:00.250'],
    ['2028-02-29T23:59:59', '2028-02-29T23:59:59'],
  ])('%s is %s', (text, spelled) => {
    expect(parseAnchor(text)).toBe(spelled);
    expect(parseAnchor(spelled)).toBe(spelled);
  });

  test.each([
    ...['', 'tomorrow', '2026-02-30', '2026-01-31T24:00:00', '2026-01-31T00:00:00Z', '2026-01-31T00:00:00+01:00'],
    ...[
      '2026-1-31',
      '2026-01-31 00:00',
      '1969-12-31',
      '2200-01-01',
      '2027-02-29T00:00:00',
      '2026-01-31T00:00:00[Europe/Berlin]',
    ],
  ])('%j is refused', (text) => {
    expect(() => parseAnchor(text)).toThrow(expect.objectContaining({ code: 'anchor-malformed' }));
  });
});

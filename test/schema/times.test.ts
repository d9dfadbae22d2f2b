/** ISO 8601 with an offset: right for every date that exists, refused for everything else. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ISO_TIME_PATTERN, parseIsoTime } from '../../schema/times.ts';

describe('parseIsoTime', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2026-11-01T12:34:56.789Z', Date.UTC(2026, 10, 1, 12, 34, 56, 789)],
    ['2026-11-01T12:34Z', Date.UTC(2026, 10, 1, 12, 34)],
    ['2026-11-01T12:34:56.7Z', Date.UTC(2026, 10, 1, 12, 34, 56, 700)],
    ['2026-11-01T12:34:56.789999999Z', Date.UTC(2026, 10, 1, 12, 34, 56, 789)],
    ['2026-11-01T12:34:56+05:30', Date.UTC(2026, 10, 1, 7, 4, 56)],
    ['2026-11-01T00:00:00.123456-12:00', Date.UTC(2026, 10, 1, 12, 0, 0, 123)],
    ['2024-02-29T00:00:00-00:00', Date.UTC(2024, 1, 29)],
    ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
    ['9999-12-31T23:59:59.999Z', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
  ])('%s', (text, ms) => {
    expect(parseIsoTime(text)).toBe(ms);
  });

  test.each([
    '',
    'yesterday',
    '2026-11-01',
    '2026-11-01T12:34:56',
    '2026-11-01 12:34:56Z',
    '2026-11-01t12:34:56z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00.1234567890Z',
    '2026-01-01T00:00:00,5Z',
    '2026-01-01T00:00:00+0100',
    '2026-01-01T00:00:00+01',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00+01:60',
    '2026-01-01T00:00:00ZZ',
    ' 2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00Z\n',
    '+002026-01-01T00:00:00Z',
    '2026-1-1T0:0:0Z',
    '２０２６-01-01T00:00:00Z',
    '1764000000000',
  ])('refuses %j', (text) => {
    expect(parseIsoTime(text)).toBeUndefined();
  });

  test('agrees with Date on every instant, in any offset', () => {
    const ms = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9998, 11, 31) });
    fc.assert(
      fc.property(ms, fc.integer({ min: -1439, max: 1439 }), (instant, offset) => {
        const size = Math.abs(offset);
        const clock = `${Math.floor(size / 60)}`.padStart(2, '0');
        const shown = `${offset < 0 ? '-' : '+'}${clock}:${`${size % 60}`.padStart(2, '0')}`;
        const text = new Date(instant + offset * 60_000).toISOString().replace('Z', shown);
        fc.pre(/^\d{4}-/.test(text));
        expect(parseIsoTime(text)).toBe(instant);
        expect(text).toMatch(new RegExp(ISO_TIME_PATTERN));
      }),
      { numRuns: 2000 },
    );
  });

  test('takes nothing that its pattern does not match', () => {
    const piece = fc.constantFrom(
      '2026',
      '-',
      '02',
      '29',
      '30',
      'T',
      ':',
      '23',
      '60',
      '.',
      '5',
      'Z',
      '+',
      '01',
      ' ',
      '0',
    );
    const pattern = new RegExp(ISO_TIME_PATTERN);
    const valid = '2026-02-28T23:59:59.999+01:00';
    const mutated = fc
      .tuple(fc.nat(valid.length), fc.nat(3), piece)
      .map(([at, cut, put]) => valid.slice(0, at) + put + valid.slice(at + cut));
    fc.assert(
      fc.property(
        fc.oneof(
          mutated,
          fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join('')),
        ),
        (text) => {
          if (parseIsoTime(text) !== undefined) expect(text).toMatch(pattern);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

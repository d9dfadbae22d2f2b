/** Numbers, bars and tables for people. */
import { describe, expect, test } from '@jest/globals';
import { bar, meter, shareOf, sparkline } from '../../cli/terminal/bars.ts';
import { cellText, grouped, localTime, plural, showBytes, showCredits } from '../../cli/terminal/format.ts';
import { table } from '../../cli/terminal/table.ts';
import { bucketName } from '../../cli/usage/rows.ts';
import { balanceState } from '../../core/balance.ts';

describe('numbers', () => {
  test.each([
    ['0', '0'],
    ['999', '999'],
    ['1000', '1,000'],
    ['1234567.123456', '1,234,567.123456'],
    ['-1234.5', '-1,234.5'],
    ['9007199254.740991', '9,007,199,254.740991'],
  ])('%s is shown as %s', (decimal, shown) => expect(grouped(decimal)).toBe(shown));

  test('credits, counts, bytes', () => {
    expect([showCredits(1n), showCredits(12_500_000), showCredits(-1_500_000n)]).toEqual(['0.000001', '12.5', '-1.5']);
    expect([plural(1, 'event'), plural(2_000, 'event')]).toEqual(['1 event', '2,000 events']);
    expect([showBytes(512), showBytes(1536), showBytes(5 * 1024 ** 3)]).toEqual(['512 B', '1.5 KiB', '5.0 GiB']);
  });

  test('a wall clock with its offset', () => {
    expect(localTime(Date.parse('2026-10-25T00:30:00Z'), 'Europe/Berlin')).toBe('2026-10-25 02:30:00 +02:00');
    expect(localTime(Date.parse('2026-10-25T01:30:00Z'), 'Europe/Berlin')).toBe('2026-10-25 02:30:00 +01:00');
  });

  test('nothing of somebody else’s steers the terminal', () => {
    expect(cellText('a\u001b[31mb\n\u202ec', 20)).toBe('a·[31mb··c');
    expect(cellText('abcdef', 4)).toBe('abc…');
  });
});

describe('bars', () => {
  test.each([
    [0, ''],
    [0.000001, '▏'],
    [0.5, '██'],
    [0.53125, '██▏'],
    [1, '████'],
    [7, '████'],
  ])('bar of %f', (share, drawn) => expect(bar(share, 4)).toBe(drawn));

  test.each([
    [0, '░░░░'],
    [0.01, '█░░░'],
    [0.5, '██░░'],
    [0.99, '███░'],
    [1, '████'],
  ])('meter of %f', (share, drawn) => expect(meter(share, 4)).toBe(drawn));

  test('a line of buckets, and exact shares of huge amounts', () => {
    expect(sparkline([0, 0.01, 0.5, 1])).toBe(' ▁▅█');
    expect(shareOf(2n ** 60n, 2n ** 61n)).toBe(0.5);
    expect(shareOf(1n, 0n)).toBe(0);
  });
});

describe('tables', () => {
  test('columns are aligned, lines have no blanks at their ends', () => {
    const columns = [
      { title: 'NAME', cell: (row: [string, string]) => row[0] },
      { title: 'N', align: 'right' as const, cell: (row: [string, string]) => row[1] },
      { title: '', cell: () => '' },
    ];
    expect(
      table(columns, [
        ['a', '1'],
        ['longer', '1,000'],
      ]).split('\n'),
    ).toEqual(['NAME        N', 'a           1', 'longer  1,000']);
  });
});

describe('names', () => {
  test.each([
    ['month', [202601], '2026-01'],
    ['day', [20_479], '2026-01-26'],
    ['hour', [495_282, 7_200], '2026-07-02T18:00:00+02:00'],
    ['hour', [495_282, -12_600], '2026-07-02T18:00:00-03:30'],
  ] as const)('bucket %s %j', (bucket, columns, name) => expect(bucketName(bucket, columns)).toBe(name));

  test.each([
    [true, 100n, 100n, 'closed'],
    [false, 100n, 0n, 'depleted'],
    [false, 100n, 20n, 'low'],
    [false, 100n, 21n, 'ok'],
    [false, 0n, 1n, 'ok'],
    [false, 0n, 0n, 'depleted'],
  ] as const)('closed %s, granted %d, total %d: %s', (closed, granted, total, state) => {
    expect(balanceState({ closed, granted, total })).toBe(state);
  });
});

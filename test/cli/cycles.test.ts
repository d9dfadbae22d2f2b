/** `cycles`: month ends, both clock changes, anchors that are skipped or ambiguous themselves. */
import { describe, expect, test } from '@jest/globals';
import { run } from './run.ts';

const CASES: [anchor: string, timeZone: string, expected: string[]][] = [
  // 31 January: clamped to 28 February, back to the 31st; summer time from 29 March to 25 October.
  [
    '2026-01-31T00:00:00',
    'Europe/Berlin',
    [
      '2026-01-30T23:00:00.000Z',
      '2026-02-27T23:00:00.000Z',
      '2026-03-30T22:00:00.000Z',
      '2026-04-29T22:00:00.000Z',
      '2026-05-30T22:00:00.000Z',
      '2026-06-29T22:00:00.000Z',
      '2026-07-30T22:00:00.000Z',
      '2026-08-30T22:00:00.000Z',
      '2026-09-29T22:00:00.000Z',
      '2026-10-30T23:00:00.000Z',
      '2026-11-29T23:00:00.000Z',
      '2026-12-30T23:00:00.000Z',
      '2027-01-30T23:00:00.000Z',
      '2027-02-27T23:00:00.000Z',
      '2027-03-30T22:00:00.000Z',
    ],
  ],
  // 02:30 on 29 March does not exist in Berlin: 03:30 summer time.
  ['2026-03-29T02:30:00', 'Europe/Berlin', ['2026-03-29T01:30:00.000Z', '2026-04-29T00:30:00.000Z']],
  // 02:30 on 25 October comes twice: the first, in summer time.
  ['2026-10-25T02:30:00', 'Europe/Berlin', ['2026-10-25T00:30:00.000Z', '2026-11-25T01:30:00.000Z']],
  ['2024-02-29', 'UTC', ['2024-02-29T00:00:00.000Z', '2024-03-29T00:00:00.000Z']],
];

describe('cycles', () => {
  test.each(CASES)('%s in %s', async (anchor, timeZone, expected) => {
    const argv = [
      'cycles',
      '--anchor',
      anchor,
      '--time-zone',
      timeZone,
      '--count',
      String(expected.length - 1),
      '--json',
    ];
    const { code, stdout, stderr } = await run(argv);
    expect({ code, stderr, boundaries: JSON.parse(stdout) }).toEqual({ code: 0, stderr: '', boundaries: expected });
  });

  test('for people: number, start and end, in UTC and on the wall clock', async () => {
    const { stdout } = await run(['cycles', '--anchor', '2026-03-15', '--time-zone', 'europe/berlin', '--count', '1']);
    expect(stdout.split('\n')[1]).toBe(
      '    1  2026-03-14T23:00:00.000Z  2026-04-14T22:00:00.000Z  2026-03-15 00:00:00 +01:00  2026-04-15 00:00:00 +02:00',
    );
  });
});

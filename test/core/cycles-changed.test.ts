/** Rule 1: a changed anchor or time zone takes effect when the running cycle ends, and numbers go on counting. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  changeSchedule,
  cycleAt,
  cycleEnd,
  cycleStart,
  type Schedule,
  startSchedule,
  upcomingEnds,
} from '../../core/cycles.ts';
import { DAY_MS } from '../../core/limits.ts';

const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');
const utc = (text: string) => Date.parse(text);
const ANCHOR = '2026-01-31T00:00:00';
const start = startSchedule(ANCHOR, 'UTC', utc('2026-03-10T00:00:00Z')); // cycle 2, ends 2026-03-31
const running = { cycle: 2, endMs: utc('2026-03-31T00:00:00Z') };
const changed = (anchor: string, zone = 'UTC', from: Schedule = start) => changeSchedule(from, running, anchor, zone);

describe('a change in cycle 2, which ends on 31 March', () => {
  test.each<[string, string, string, string[]]>([
    [
      'the next cycle ends at the first new boundary',
      '2026-01-15T00:00:00',
      'UTC',
      ['2026-04-15T00:00:00Z', '2026-05-15T00:00:00Z'],
    ],
    [
      'one a day and a bit away is enough',
      '2026-01-01T00:00:01',
      'UTC',
      ['2026-04-01T00:00:01Z', '2026-05-01T00:00:01Z'],
    ],
    ['one exactly a day away is not', '2026-01-01T00:00:00', 'UTC', ['2026-05-01T00:00:00Z', '2026-06-01T00:00:00Z']],
    [
      'nor one at the same instant',
      '2026-01-31T00:00:00',
      'Etc/GMT+0',
      ['2026-04-30T00:00:00Z', '2026-05-31T00:00:00Z'],
    ],
    ['an anchor still to come', '2026-09-07T00:00:00', 'UTC', ['2026-09-07T00:00:00Z', '2026-10-07T00:00:00Z']],
    ['another zone', ANCHOR, 'America/New_York', ['2026-04-30T04:00:00Z', '2026-05-31T04:00:00Z']],
  ])('%s', (_what, anchor, zone, ends) => {
    const schedule = changed(anchor, zone);
    expect(cycleEnd(schedule, 2)).toBe(running.endMs);
    expect(cycleStart(schedule, 3)).toBe(running.endMs);
    expect(upcomingEnds(schedule, 3, 2).map(iso)).toEqual(ends);
  });

  test('a boundary of the new anchor inside the first day ends nothing', () => {
    const schedule = changed('2026-01-01T00:00:00');
    expect(cycleAt(schedule, utc('2026-03-31T00:00:00Z'))).toBe(3);
    expect(cycleAt(schedule, utc('2026-04-01T12:00:00Z'))).toBe(3);
    expect(cycleAt(schedule, utc('2026-05-01T00:00:00Z'))).toBe(4);
  });

  test('what lies before the change keeps its cycle', () => {
    const schedule = changed('2026-01-15T00:00:00', 'America/New_York');
    expect(cycleAt(schedule, utc('2026-03-30T23:59:59Z'))).toBe(2);
    expect(cycleAt(schedule, utc('2026-02-10T00:00:00Z'))).toBe(1);
    expect(cycleEnd(schedule, 1)).toBe(utc('2026-02-28T00:00:00Z'));
  });

  test('a second change replaces the first, and changing back removes it', () => {
    const once = changed('2026-01-15T00:00:00');
    const twice = changed('2026-01-20T00:00:00', 'UTC', once);
    expect(twice).toHaveLength(2);
    expect(twice).toEqual(changed('2026-01-20T00:00:00'));
    expect(changed(ANCHOR, 'UTC', twice)).toEqual(start);
  });

  test('before the anchor, the change takes effect at the old anchor', () => {
    const early = startSchedule(ANCHOR, 'UTC', utc('2026-01-01T00:00:00Z'));
    const later = changeSchedule(early, { cycle: 0, endMs: cycleEnd(early, 0) }, '2026-03-05T00:00:00', 'UTC');
    expect(upcomingEnds(later, 0, 3).map(iso)).toEqual([
      '2026-01-31T00:00:00Z',
      '2026-03-05T00:00:00Z',
      '2026-04-05T00:00:00Z',
    ]);
  });
});

test('however anchors and zones change, cycles follow each other without a gap and last more than a day', () => {
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Auckland', 'Pacific/Honolulu');
  const anchorMs = fc.integer({ min: utc('2025-06-01T00:00:00Z'), max: utc('2026-12-31T00:00:00Z') });
  const change = fc.record({ anchorMs, zone, waitCycles: fc.integer({ min: 0, max: 3 }) });
  const local = (ms: number) => new Date(ms).toISOString().slice(0, 19);
  fc.assert(
    fc.property(anchorMs, zone, anchorMs, fc.array(change, { maxLength: 6 }), (first, firstZone, seenMs, changes) => {
      let schedule = startSchedule(local(first), firstZone, seenMs);
      const from = schedule[0]!.cycle;
      let cycle = from;
      for (const { anchorMs, zone, waitCycles } of changes) {
        cycle += waitCycles;
        schedule = changeSchedule(schedule, { cycle, endMs: cycleEnd(schedule, cycle) }, local(anchorMs), zone);
      }
      for (let c = from; c < cycle + 4; c += 1) {
        const [startMs, endMs] = [cycleStart(schedule, c), cycleEnd(schedule, c)];
        expect(endMs - startMs).toBeGreaterThan(DAY_MS);
        expect(cycleStart(schedule, c + 1)).toBe(endMs);
        expect([cycleAt(schedule, startMs), cycleAt(schedule, endMs - 1)]).toEqual([c, c]);
      }
    }),
  );
});

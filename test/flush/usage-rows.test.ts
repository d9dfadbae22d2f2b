/** Usage rows as bytes: body, split and tail in the order of the columns, the quick way and the slow way alike. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { OutboxEntry } from '../../ledger/outbox.ts';
import { encodeUsage, usageCount, usageRows } from '../../workers/flush/usage-rows.ts';
import { type TestUsage, usageBody, usageSplit } from '../support/outbox.ts';

const AT = Date.UTC(2026, 11, 31, 23, 59, 59, 999);

function entryOf(sequence: number, bodies: readonly Buffer[]): OutboxEntry {
  const usage = Buffer.concat(
    bodies.flatMap((body) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(body.length);
      return [length, body];
    }),
  );
  const splits = Buffer.concat(bodies.map((_, i) => usageSplit(i)));
  return { sequence, at: AT, usage, splits, lines: {}, bytes: usage.length + splits.length, fields: [] };
}

const row = fc.record({
  id: fc.string({ minLength: 1, maxLength: 130 }),
  occurredAt: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  tokens: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  attributes: fc.array(fc.tuple(fc.string(), fc.string({ maxLength: 300 })), { maxLength: 16 }),
}) as fc.Arbitrary<TestUsage>;

describe('usage rows', () => {
  test('the quick encoding is the slow one, joined', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(row, { maxLength: 5 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 2 ** 50 }),
        (commits, block) => {
          const entries = commits.map((rows, i) => entryOf(i + 1, rows.map(usageBody)));
          const rows = usageRows(entries, block);
          expect(Buffer.concat(encodeUsage(entries, block)).equals(Buffer.concat(rows.map(({ bytes }) => bytes)))).toBe(
            true,
          );
          expect(rows.map(({ id }) => id)).toEqual(commits.flat().map(({ id }) => id));
          expect(rows).toHaveLength(entries.reduce((sum, entry) => sum + usageCount(entry), 0));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a row ends with its split and tail, little endian, and knows its month in UTC', () => {
    const body = usageBody({ id: 'e', occurredAt: AT });
    const [first] = usageRows([entryOf(2 ** 40, [body])], 7);
    expect(first).toMatchObject({ month: 202612, accountId: 'acc-1', id: 'e' });
    const tail = first!.bytes.subarray(body.length + 55);
    expect([tail.readBigUInt64LE(0), tail.readBigInt64LE(8), tail.readBigUInt64LE(16)]).toEqual([
      2n ** 40n,
      BigInt(AT),
      7n,
    ]);
    expect(first!.bytes.subarray(body.length, body.length + 55)).toEqual(usageSplit(0));
  });

  test('pieces are about as large as they should be, and no row is lost between them', () => {
    const big = usageBody({ id: 'e', occurredAt: AT, attributes: [['a', 'x'.repeat(60_000)]] });
    const entries = Array.from({ length: 100 }, (_, i) => entryOf(i + 1, [big]));
    const chunks = encodeUsage(entries, 1);
    expect(chunks.length).toBeGreaterThan(4);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(1.2 * 2 ** 20);
    expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(100 * (big.length + 79));
  });

  test.each([
    ['a split too few', (e: OutboxEntry) => ({ ...e, splits: e.splits.subarray(0, 55) })],
    ['half a split', (e: OutboxEntry) => ({ ...e, splits: e.splits.subarray(0, 80) })],
    ['a body cut off', (e: OutboxEntry) => ({ ...e, usage: e.usage.subarray(0, e.usage.length - 1) })],
    [
      'a length beyond the end',
      (e: OutboxEntry) => ({ ...e, usage: Buffer.concat([Buffer.from([255, 255, 0, 0]), e.usage.subarray(4)]) }),
    ],
  ])('an entry with %s stops the flush with its number', (_, damage) => {
    const entry = damage(entryOf(41, [usageBody({ id: 'a', occurredAt: AT }), usageBody({ id: 'b', occurredAt: AT })]));
    expect(() => encodeUsage([entry], 1)).toThrow(
      expect.objectContaining({ code: 'outbox-entry-malformed', message: expect.stringContaining('41') }),
    );
  });
});

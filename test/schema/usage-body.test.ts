/** RowBinary bodies: what is written is read back, and the as-sent bytes are equal exactly when the events are. */
import { crc32 } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { UsageEvent } from '../../core/types.ts';
import { createRowWriter, type DerivedUsage, decodeUsageBody, encodeUsageBody } from '../../schema/usage-body.ts';
import { anEvent } from './usage-rows.ts';

const id = fc.string({ unit: fc.constantFrom(...'aZ0._:@/+-'), minLength: 1, maxLength: 128 });
const text = fc.string({ unit: 'grapheme', maxLength: 512 });
const int32 = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 });
const safe = fc.maxSafeInteger();
const event: fc.Arbitrary<UsageEvent> = fc.record({
  id,
  accountId: id,
  serverId: id,
  model: id,
  occurredAt: fc.nat({ max: 4_000_000_000_000 }),
  tokens: fc.record({ input: int32, output: int32, cacheRead: int32, cacheWrite: int32 }),
  keySource: fc.constantFrom('platform' as const, 'byok' as const),
  attributes: fc.array(fc.tuple(text, text), { maxLength: 16 }),
});
const derived: fc.Arbitrary<DerivedUsage> = fc.record({
  model: id,
  priceVersion: id,
  cost: safe,
  localDay: int32,
  cycle: int32,
});
const someDerived: DerivedUsage = { model: 'm', priceVersion: 'v', cost: 1, localDay: 20_000, cycle: 1 };

describe('encodeUsageBody', () => {
  test('is read back as it was written, one after the other, in a buffer that has to grow', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(event, derived), { minLength: 1, maxLength: 5 }), (rows) => {
        const writer = createRowWriter(1);
        const places = rows.map(([sent, facts]) => encodeUsageBody(writer, sent, facts));
        expect(places.at(-1)!.end).toBe(writer.offset);
        for (const [i, [sent, facts]] of rows.entries()) {
          expect(decodeUsageBody(writer.buffer, places[i]!.start)).toEqual({
            event: sent,
            derived: facts,
            end: places[i]!.end,
          });
          expect(places[i]!.start).toBe(i === 0 ? 0 : places[i - 1]!.end);
        }
      }),
    );
  });

  test('the as-sent part depends on the event alone, and on all of it', () => {
    const asSent = (sent: UsageEvent, facts = someDerived): Buffer => {
      const writer = createRowWriter();
      const { start, asSentEnd } = encodeUsageBody(writer, sent, facts);
      return Buffer.from(writer.buffer.subarray(start, asSentEnd));
    };
    const base = asSent(anEvent());
    expect(asSent(anEvent(), { model: 'x', priceVersion: 'y', cost: 9, localDay: 1, cycle: 9 })).toEqual(base);
    const tokens = anEvent().tokens;
    const changes: Partial<UsageEvent>[] = [
      { id: 'call-2' },
      { accountId: 'acct-2' },
      { serverId: 'srv-2' },
      { model: 'haiku' },
      { occurredAt: anEvent().occurredAt + 1 },
      { tokens: { ...tokens, input: 1001 } },
      { tokens: { ...tokens, output: 501 } },
      { tokens: { ...tokens, cacheRead: 31 } },
      { tokens: { ...tokens, cacheWrite: 5 } },
      { keySource: 'byok' },
      { attributes: [['a', 'b']] },
    ];
    const hashes = new Set([crc32(base), ...changes.map((change) => crc32(asSent(anEvent(change))))]);
    expect(hashes.size).toBe(changes.length + 1);
  });

  test('no two events share as-sent bytes: lengths keep the fields apart', () => {
    const writer = createRowWriter();
    const a = encodeUsageBody(writer, anEvent({ id: 'a', accountId: 'bc' }), someDerived);
    const b = encodeUsageBody(writer, anEvent({ id: 'ab', accountId: 'c' }), someDerived);
    const bytes = (place: typeof a) => writer.buffer.subarray(place.start, place.asSentEnd);
    expect(bytes(a).equals(bytes(b))).toBe(false);
  });

  test('a body that was cut short is an error, not a row', () => {
    const writer = createRowWriter();
    const { end } = encodeUsageBody(writer, anEvent({ attributes: [['key', 'a value']] }), someDerived);
    for (let cut = 0; cut < end; cut += 1) {
      expect(() => decodeUsageBody(writer.buffer.subarray(0, cut))).toThrow(RangeError);
    }
  });
});

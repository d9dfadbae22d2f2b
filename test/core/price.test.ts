/** The cost of an event: the right version, the exact sum, rounded up to the next µcr. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RATE_MICROS_PER_1000_MAX, TOKENS_MAX } from '../../core/limits.ts';
import { findPrice, isFree, type ModelPrice, type PriceVersion, priceBook, priceEvent } from '../../core/price.ts';

type Rates = ModelPrice['ratesMicrosPer1000'];
const price = (model: string, ratesMicrosPer1000: Rates): ModelPrice => ({
  model,
  ratesMicrosPer1000,
  speed: 'Fast',
  creditUsage: 'Low',
  bestFor: 'Tests',
});
const version = (
  name: string,
  effectiveFromMs: number,
  models: Record<string, Rates>,
  aliases: Record<string, string> = {},
): PriceVersion => ({
  name,
  effectiveFromMs,
  models: new Map(Object.entries(models).map(([model, rates]) => [model, price(model, rates)])),
  aliases: new Map(Object.entries(aliases)),
});
const tokens = (input = 0, output = 0, cacheRead = 0, cacheWrite = 0) => ({ input, output, cacheRead, cacheWrite });
const costIn = (rates: Rates, used: ReturnType<typeof tokens>) =>
  priceEvent(priceBook([version('v', 0, { m: rates })]), 'm', used, 1, 'platform')?.cost;

describe('the sum', () => {
  const sonnet: Rates = [3_000_000, 15_000_000, 300_000, 3_750_000];
  test.each([
    { used: tokens(), cost: 0 },
    { used: tokens(1000), cost: 3_000_000 },
    { used: tokens(1), cost: 3_000 },
    { used: tokens(123, 45, 67, 89), cost: 369_000 + 675_000 + 20_100 + 333_750 },
  ])('sonnet, $used', ({ used, cost }) => {
    expect(costIn(sonnet, used)).toBe(cost);
  });

  test.each([
    { rates: [1, 0, 0, 0] as const, used: tokens(1), cost: 1 }, // 0.001 µcr is rounded up
    { rates: [1, 0, 0, 0] as const, used: tokens(1000), cost: 1 },
    { rates: [1, 0, 0, 0] as const, used: tokens(1001), cost: 2 },
    { rates: [1, 1, 1, 1] as const, used: tokens(250, 250, 250, 250), cost: 1 }, // summed first, rounded once
    { rates: [1, 1, 1, 1] as const, used: tokens(250, 250, 250, 251), cost: 2 },
  ])('rounds the sum of $used up once, to $cost µcr', ({ rates, used, cost }) => {
    expect(costIn(rates, used)).toBe(cost);
  });

  test('is exact where the sum passes 2^53', () => {
    // 2147483647 × 999999999 = 2147483644852516353: as a double it would end in …516352 and lose the last µcr.
    const rates: Rates = [999_999_999, 0, 0, 1];
    expect(costIn(rates, tokens(TOKENS_MAX, 0, 0, 647))).toBe(2_147_483_644_852_517);
    expect(costIn(rates, tokens(TOKENS_MAX, 0, 0, 648))).toBe(2_147_483_644_852_518);
  });

  test('agrees with exact fractions for every rate and count that is let in', () => {
    const count = fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: TOKENS_MAX }));
    const rate = fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: RATE_MICROS_PER_1000_MAX }));
    fc.assert(
      fc.property(fc.tuple(count, count, count, count), fc.tuple(rate, rate, rate, rate), (counts, rates) => {
        const thousandths = counts.reduce((sum, c, i) => sum + BigInt(c) * BigInt(rates[i]!), 0n);
        const up = thousandths / 1000n + (thousandths % 1000n > 0n ? 1n : 0n);
        const cost = costIn(rates, tokens(...counts));
        expect(cost === undefined ? undefined : BigInt(cost)).toBe(up);
        expect(Number.isSafeInteger(cost)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the version', () => {
  const book = priceBook([
    version('second', 2000, { a: [2, 0, 0, 0], b: [20, 0, 0, 0] }, { alias: 'b' }),
    version('first', 1000, { a: [1, 0, 0, 0] }, { alias: 'a' }),
    version('third', 3000, { a: [3, 0, 0, 0], c: [30, 0, 0, 0] }, { gone: 'nothing' }),
  ]);
  const at = (model: string, ms: number) => {
    const found = findPrice(book, model, ms);
    return found && [found.version.name, found.price.model];
  };

  test.each([
    ['in force', 'a', 1000, ['first', 'a']],
    ['up to the last ms', 'a', 1999, ['first', 'a']],
    ['from its first ms', 'a', 2000, ['second', 'a']],
    ['the last one stays in force', 'a', 9e15, ['third', 'a']],
    ['before every version: the first later one', 'a', 0, ['first', 'a']],
    ['unknown in force: the first later one that knows it', 'b', 1500, ['second', 'b']],
    ['and not one further than needed', 'c', 0, ['third', 'c']],
    ['never an earlier one', 'b', 3000, undefined],
    ['an alias means what its version says', 'alias', 1500, ['first', 'a']],
    ['and later something else', 'alias', 2500, ['second', 'b']],
    ['an alias to nothing is no model', 'gone', 3000, undefined],
    ['unknown everywhere', 'd', 1500, undefined],
    ['constructor is no model', 'constructor', 1500, undefined],
    ['nor is __proto__', '__proto__', 1500, undefined],
  ])('%s', (_what, model, ms, expected) => {
    expect(at(model, ms)).toEqual(expected);
  });

  test('an event tells the version and the canonical model, and byok costs nothing', () => {
    expect(priceEvent(book, 'alias', tokens(1000), 2500, 'platform')).toEqual({
      version: 'second',
      model: 'b',
      cost: 20,
    });
    expect(priceEvent(book, 'alias', tokens(1000), 2500, 'byok')).toEqual({ version: 'second', model: 'b', cost: 0 });
    expect(priceEvent(book, 'd', tokens(1000), 2500, 'byok')).toBeUndefined();
  });

  test.each([
    ['a name', version('x', 0, {}), version('x', 1, {})],
    ['an instant', version('x', 0, {}), version('y', 0, {})],
  ])('two versions may not share %s', (_what, one, other) => {
    expect(() => priceBook([one, other])).toThrow(expect.objectContaining({ code: 'price-book-ambiguous' }));
  });

  test('a model is free only when every pool is', () => {
    expect(isFree(price('m', [0, 0, 0, 0]))).toBe(true);
    expect(isFree(price('m', [0, 0, 0, 1]))).toBe(false);
  });
});

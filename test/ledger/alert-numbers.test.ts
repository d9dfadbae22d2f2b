/** The arithmetic of the alerts in Lua, where numbers are doubles, against exact integers. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { percentOf, rearmLevel } from '../../core/thresholds.ts';
import { freshRedis } from '../support/engines.ts';

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

const LUA = ['prelude', 'platform', 'account', 'server-day', 'mails', 'alerts']
  .map((name) => readFileSync(new URL(`../../ledger/lua/${name}.lua`, import.meta.url), 'utf8'))
  .join('\n');

/** Evaluates an expression over the numbers a, b, c and d. */
const evaluate = async (expression: string, ...numbers: readonly bigint[]): Promise<string> => {
  const lua = `${LUA}
    local a, b, c, d = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
    local value = ${expression}
    return type(value) == 'boolean' and tostring(value) or text(value)`;
  return (await redis.eval(lua, 0, ...numbers.map(String))) as string;
};

const MAX = 2n ** 53n - 1n;
const amount = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX }),
  fc.bigInt({ min: 0n, max: 100_000_000n }),
  fc.constantFrom(0n, 1n, MAX, MAX - 1n, 2n ** 26n, 2n ** 26n - 1n, 2n ** 52n),
);
const hundredths = fc.bigInt({ min: 1n, max: 10_000n });

test('a percentage of any amount, in hundredths, is rounded down exactly', async () => {
  await fc.assert(
    fc.asyncProperty(amount, hundredths, async (granted, percent) => {
      expect(await evaluate('percentOf(a, b)', granted, percent)).toBe(
        String(percentOf(granted, Number(percent) / 100)),
      );
    }),
    { numRuns: 300 },
  );
});

test('the level at which an alert is armed again', async () => {
  // Above 2^52 the level leaves the range of an amount, which `remaining` hardly does.
  const threshold = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 52n }), fc.bigInt({ min: 0n, max: 100_000_000n }));
  await fc.assert(
    fc.asyncProperty(threshold, async (level) => {
      expect(await evaluate('rearmLevel(a)', level)).toBe(String(rearmLevel(level)));
    }),
    { numRuns: 300 },
  );
});

test('the pace of days times a number of days, in hundredths, is exact', async () => {
  const days = fc.bigInt({ min: 2n, max: 7n });
  const spent = fc.bigInt({ min: 0n, max: 2n ** 44n }); // 17 million credits in a week
  const runway = fc.bigInt({ min: 1n, max: 36_600n });
  await fc.assert(
    fc.asyncProperty(spent, runway, days, async (cost, number, over) => {
      expect(await evaluate('share(a, b, c * 100)', cost, number, over)).toBe(String((cost * number) / (over * 100n)));
    }),
    { numRuns: 300 },
  );
});

test('two products are compared exactly, however large', async () => {
  // Of a product one factor is a time: days of pace in ms, or what is left of a cycle.
  const time = amount.map((n) => n / 2n);
  const near = fc
    .tuple(amount, time, fc.bigInt({ min: -2n, max: 2n }))
    .map(([a, b, off]) => [a, b, b, a + off < 0n ? 0n : a + off > MAX ? MAX : a + off] as const);
  const any = fc.tuple(amount, time, time, amount);
  await fc.assert(
    fc.asyncProperty(fc.oneof(near, any), async ([a, b, c, d]) => {
      expect(await evaluate('isProductLess(a, b, c, d)', a, b, c, d)).toBe(String(a * b < c * d));
    }),
    { numRuns: 500 },
  );
});

/** Rule 3: monthly first, then bonus, then uncovered. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MICROS_MAX, type Micros } from '../../core/money.ts';
import { split } from '../../core/split.ts';

const amount = fc.bigInt({ min: 0n, max: MICROS_MAX }) as fc.Arbitrary<Micros>;
const parts = (cost: bigint, monthly: bigint, bonus: bigint) => {
  const { fromMonthly, fromBonus, uncovered } = split(cost as Micros, monthly as Micros, bonus as Micros);
  return [fromMonthly, fromBonus, uncovered];
};

test.each([
  { cost: 0n, monthly: 10n, bonus: 5n, expected: [0n, 0n, 0n] },
  { cost: 10n, monthly: 10n, bonus: 5n, expected: [10n, 0n, 0n] },
  { cost: 11n, monthly: 10n, bonus: 5n, expected: [10n, 1n, 0n] },
  { cost: 15n, monthly: 10n, bonus: 5n, expected: [10n, 5n, 0n] },
  { cost: 16n, monthly: 10n, bonus: 5n, expected: [10n, 5n, 1n] },
  { cost: 7n, monthly: 0n, bonus: 5n, expected: [0n, 5n, 2n] },
  { cost: 7n, monthly: 0n, bonus: 0n, expected: [0n, 0n, 7n] },
])('$cost over $monthly monthly and $bonus bonus', ({ cost, monthly, bonus, expected }) => {
  expect(parts(cost, monthly, bonus)).toEqual(expected);
});

test('the parts add up, nothing goes below zero, and a later pot is touched only when the one before is empty', () => {
  fc.assert(
    fc.property(amount, amount, amount, (cost, monthly, bonus) => {
      const s = split(cost, monthly, bonus);
      expect(s.fromMonthly + s.fromBonus + s.uncovered).toBe(cost);
      expect(s.fromMonthly >= 0n && s.fromMonthly <= monthly).toBe(true);
      expect(s.fromBonus >= 0n && s.fromBonus <= bonus).toBe(true);
      if (s.fromBonus > 0n) expect(s.fromMonthly).toBe(monthly);
      if (s.uncovered > 0n) expect([s.fromMonthly, s.fromBonus]).toEqual([monthly, bonus]);
    }),
  );
});

/**
 * Spending order (rule 3): monthly credits first, then bonus credits; what neither covers is `uncovered`, which is
 * recorded and never collected. Invariant: the three parts add up to the cost, and no balance goes below zero.
 */
import type { Micros } from './money.ts';

export type Split = { readonly fromMonthly: Micros; readonly fromBonus: Micros; readonly uncovered: Micros };

/** Divides a cost over what is left of the two balances. */
export const split = (cost: Micros, monthly: Micros, bonus: Micros): Split => {
  const fromMonthly = least(cost, monthly);
  const fromBonus = least((cost - fromMonthly) as Micros, bonus);
  return { fromMonthly, fromBonus, uncovered: (cost - fromMonthly - fromBonus) as Micros };
};

const least = (a: Micros, b: Micros): Micros => (a < b ? a : b);

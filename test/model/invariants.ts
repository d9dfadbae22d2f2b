/**
 * What must hold of every account at any moment, whatever happened. Answers sentences about what does not hold, so that
 * a property test can shrink to it; an empty list is a sound model.
 */
import type { Account, Model } from './state.ts';

export const broken = (model: Model): string[] => [...model.accounts.values()].flatMap(brokenIn);

const brokenIn = (account: Account): string[] => [
  ...endedCyclesAddUpToZero(account),
  ...balancesAreRunningSums(account),
  ...chargesAddUp(account),
  ...bonusIsLoweredByCallsAndRefundsAlone(account),
  ...cyclesAreGrantedOnce(account),
  ...uncoveredIsWhatIsNotVoided(account),
];

const endedCyclesAddUpToZero = ({ id, cycle, entries }: Account): string[] => {
  const sums = new Map<number, bigint>();
  for (const entry of entries) sums.set(entry.cycle, (sums.get(entry.cycle) ?? 0n) + entry.monthly);
  return [...sums]
    .filter(([c, sum]) => c < cycle && sum !== 0n)
    .map(([c, sum]) => `${id}: cycle ${c} ended with ${sum} µcr`);
};

const balancesAreRunningSums = ({ id, entries }: Account): string[] => {
  const monthlyOf = new Map<number, bigint>();
  let bonus = 0n;
  return entries.flatMap((entry, i) => {
    const monthly = (monthlyOf.get(entry.cycle) ?? 0n) + entry.monthly;
    monthlyOf.set(entry.cycle, monthly);
    bonus += entry.bonus;
    const wrong = entry.monthlyAfter !== monthly || entry.bonusAfter !== bonus || entry.index !== i + 1;
    const negative = monthly < 0n || bonus < 0n || entry.uncoveredAfter < 0n;
    return wrong || negative ? [`${id}: entry ${entry.index} says ${entry.monthlyAfter}/${entry.bonusAfter}`] : [];
  });
};

const chargesAddUp = ({ id, charges }: Account): string[] =>
  charges
    .filter(({ cost, fromPrevious, fromMonthly, fromBonus, uncovered, voided }) => {
      const paid = fromPrevious + fromMonthly + fromBonus + uncovered;
      return paid !== cost && !(voided && paid === 0n);
    })
    .map(({ event }) => `${id}: the parts of event ${event.id} are not its cost`);

const bonusIsLoweredByCallsAndRefundsAlone = ({ id, entries }: Account): string[] =>
  entries
    .filter(({ kind, bonus }) => bonus < 0n && kind !== 'usage' && kind !== 'refund')
    .map(({ index, kind }) => `${id}: entry ${index}, ${kind}, lowered the bonus`);

/** One `grant` a cycle, and further ones only by a command that raised it. */
const cyclesAreGrantedOnce = ({ id, entries }: Account): string[] => {
  const resets = entries.filter(({ kind, ref }) => kind === 'grant' && ref === '').map(({ cycle }) => cycle);
  return new Set(resets).size === resets.length ? [] : [`${id}: a cycle was granted twice`];
};

const uncoveredIsWhatIsNotVoided = ({ id, cycle, charges, entries }: Account): string[] => {
  const charged = charges.filter((c) => !c.voided && c.payingCycle === cycle).reduce((sum, c) => sum + c.uncovered, 0n);
  const entered = entries.filter((entry) => entry.cycle === cycle).reduce((sum, entry) => sum + entry.uncovered, 0n);
  return charged === entered ? [] : [`${id}: ${entered} µcr uncovered in the ledger, ${charged} of the events`];
};

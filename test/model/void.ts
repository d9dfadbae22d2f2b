/**
 * `usage.void` (rule 7): gives each part of an event back to where it came from. Bonus to bonus, always; monthly to the
 * same cycle if that is still open, else nowhere; uncovered, the server's day and the rollups shrink by the same.
 * The mark belongs to the event, not to the command: a second void changes nothing, under any id.
 *
 * Decided here because the contract is silent: the entry belongs to the cycle that paid, so that it lowers that cycle's
 * `uncovered`; what a late event took from the cycle before is given back nowhere, and stays used up of what was left
 * of that cycle; a parked event counts as not seen yet.
 */
import { MICROS_MAX } from '../../core/money.ts';
import type { UsageVoid } from '../../core/types.ts';
import type { Verdict } from './commands.ts';
import { append, bonusOf } from './entries.ts';
import { type Account, type Charge, identity, type Model } from './state.ts';

export const voidUsage = (model: Model, account: Account, command: UsageVoid, clock: number): Verdict => {
  const key = identity(account.id, command.eventId);
  if (model.voids.has(key)) return { outcome: 'applied', detail: 'already-voided' };
  const charge = account.charges.find((made) => made.event.id === command.eventId);
  if (charge !== undefined && bonusOf(account) + charge.fromBonus > MICROS_MAX) {
    return { outcome: 'refused', reason: 'internal', field: 'eventId' };
  }
  model.voids.add(key);
  if (charge === undefined) return { outcome: 'applied', detail: 'remembered' };
  giveBack(account, charge, command, clock);
  return { outcome: 'applied', detail: 'voided' };
};

const giveBack = (account: Account, charge: Charge, { id, eventId }: UsageVoid, clock: number): void => {
  charge.voided = true;
  append(account, clock, {
    kind: 'void',
    cycle: charge.payingCycle,
    monthly: charge.payingCycle === account.cycle ? charge.fromMonthly : 0n,
    bonus: charge.fromBonus,
    uncovered: -charge.uncovered,
    ref: id,
    note: eventId,
  });
};

/**
 * Charging one priced event (rules 3 and 5): who pays, and the entries that say so.
 * Money goes by the earlier of `occurredAt` and the clock, rollups by `occurredAt` alone.
 * Invariant: from the previous cycle, monthly, bonus and uncovered parts add up to the cost.
 */
import { cycleAt, cycleEnd } from '../../core/cycles.ts';
import { LATE_GRACE_MS } from '../../core/limits.ts';
import { localDayAt } from '../../core/local-days.ts';
import { MICROS_MAX, type Micros, micros } from '../../core/money.ts';
import type { EventPrice } from '../../core/price.ts';
import { split } from '../../core/split.ts';
import type { UsageEvent } from '../../core/types.ts';
import { append, bonusOf, leftOfEnded, monthlyOf, uncoveredOf } from './entries.ts';
import { spentOn } from './limits.ts';
import type { Account, At, Charge } from './state.ts';

/** What a charge is made of. `voided`: the event was voided before it came, it is accepted and costs nothing. */
export type Priced = { readonly event: UsageEvent; readonly price: EventPrice; readonly voided: boolean };

/** Debits an account that is up to date, or answers `undefined` when a sum would leave the range of an amount. */
export const charge = (account: Account, { event, price, voided }: Priced, at: At): Charge | undefined => {
  const cost = micros(price.cost);
  const due = voided ? micros(0) : cost;
  const localDay = localDayAt(account.schedule, event.occurredAt);
  const fromPrevious = least(due, leftOfPrevious(account, event, at));
  const { fromMonthly, fromBonus, uncovered } = split(
    (due - fromPrevious) as Micros,
    monthlyOf(account),
    bonusOf(account),
  );
  if (uncoveredOf(account) + uncovered > MICROS_MAX) return undefined;
  if (spentOn(account, event.serverId, localDay) + due > MICROS_MAX) return undefined;
  const made: Charge = {
    ...{ event, at: at.clock, model: price.model, version: price.version, cost, localDay, voided },
    cycle: cycleAt(account.schedule, event.occurredAt),
    payingCycle: account.cycle,
    ...{ fromPrevious, fromMonthly, fromBonus, uncovered },
    monthlyAfter: monthlyOf(account) - fromMonthly,
    bonusAfter: bonusOf(account) - fromBonus,
  };
  write(account, made);
  return made;
};

/** Rule 5: what an event of the cycle before may still use of it: nothing once its job was queued a day after the end. */
const leftOfPrevious = (account: Account, event: UsageEvent, { clock, queuedAt }: At): Micros => {
  const previous = account.cycle - 1;
  if (previous < 0 || cycleAt(account.schedule, Math.min(event.occurredAt, clock)) !== previous) return micros(0);
  const endedMs = cycleEnd(account.schedule, previous);
  return queuedAt < endedMs + LATE_GRACE_MS ? leftOfEnded(account, previous) : micros(0);
};

const write = (account: Account, made: Charge): void => {
  const { at, event, payingCycle, fromPrevious, fromMonthly, fromBonus, uncovered } = made;
  const ref = event.id;
  if (fromPrevious > 0n) {
    const cycle = payingCycle - 1;
    append(account, at, { kind: 'expiry-reversed', cycle, monthly: fromPrevious, ref });
    append(account, at, { kind: 'usage', cycle, monthly: -fromPrevious, ref });
  }
  // What costs nothing is in the rollups, but moves nothing: no entry.
  if (fromMonthly + fromBonus + uncovered > 0n) {
    const deltas = { monthly: -fromMonthly, bonus: -fromBonus, uncovered };
    append(account, at, { kind: 'usage', cycle: payingCycle, ...deltas, ref });
  }
  account.charges.push(made);
};

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

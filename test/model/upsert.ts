/**
 * `account.upsert`: a new account, a changed profile, another plan (rule 6), a changed anchor or zone (rule 1), the
 * reopening of a closed account.
 *
 * Decided here because the contract is silent: the first upsert needs e-mail, zone, anchor and plan, a later one may
 * leave any of them out; reopening raises this cycle's grant to the plan's by rule 6, so an account that was closed and
 * reopened within a cycle gets nothing twice; an opening above what the running cycle is granted is refused.
 */
import { changeSchedule, startSchedule } from '../../core/cycles.ts';
import type { AccountUpsert } from '../../core/types.ts';
import { startAlerts } from './alerts.ts';
import type { Verdict } from './commands.ts';
import { runningCycle } from './cycles.ts';
import { append, grantedOf, remainingOf } from './entries.ts';
import type { Account, At, Model } from './state.ts';

/** The first upsert: the account starts in the cycle that contains the clock. */
export const firstUpsert = (model: Model, command: AccountUpsert, at: At): Verdict => {
  const { email, timeZone, anchor, plan, opening } = command;
  if (email === undefined) return refused('email');
  if (timeZone === undefined) return refused('timeZone');
  if (anchor === undefined) return refused('anchor');
  if (plan === undefined) return refused('plan');
  const schedule = startSchedule(anchor, timeZone, at.clock);
  const cycle = schedule[0]!.cycle;
  const granted = cycle === 0 ? 0n : plan.monthlyCredits;
  if (opening !== undefined && opening.monthlyRemaining > granted) return refused('opening.monthlyRemaining');
  const account: Account = {
    ...{ id: command.accountId, email, plan, schedule, cycle, closed: false },
    name: command.name ?? undefined,
    locale: command.locale ?? undefined,
    recipients: command.recipients ?? [],
    lastUpsertAt: command.at ?? at.queuedAt,
    lastAlertsAt: Number.NEGATIVE_INFINITY,
    ...{
      alerts: [],
      empty: false,
      toldDepleted: false,
      expiringCycle: -1,
      entries: [],
      charges: [],
      purchases: new Map(),
      servers: new Map(),
    },
    ...{ crossings: [], mails: [], platformEvents: [] },
  };
  const ref = command.id;
  if (cycle > 0) append(account, at.clock, { kind: 'grant', cycle, monthly: granted, ref });
  if (opening !== undefined) {
    const deltas = { monthly: opening.monthlyRemaining - granted, bonus: opening.bonus };
    append(account, at.clock, { kind: 'opening', cycle, ...deltas, ref });
  }
  account.empty = remainingOf(account) === 0n;
  startAlerts(account, at.clock);
  model.accounts.set(account.id, account);
  return { outcome: 'applied' };
};

/** An upsert of a known account that is up to date. A field left out keeps its value; null clears it. */
export const upsert = (account: Account, command: AccountUpsert, at: At): Verdict => {
  const decidedAt = command.at ?? at.queuedAt;
  if (decidedAt < account.lastUpsertAt) return { outcome: 'stale' };
  account.lastUpsertAt = decidedAt;
  account.email = command.email ?? account.email;
  account.plan = command.plan ?? account.plan;
  if (command.name !== undefined) account.name = command.name ?? undefined;
  if (command.locale !== undefined) account.locale = command.locale ?? undefined;
  if (command.recipients !== undefined) account.recipients = command.recipients ?? [];
  account.closed = false;
  const current = account.schedule.at(-1)!;
  const { anchor = current.anchor, timeZone = current.timeZone } = command;
  account.schedule = changeSchedule(account.schedule, runningCycle(account), anchor, timeZone);
  raiseGrant(account, command.id, at.clock);
  return { outcome: 'applied' };
};

/** Rule 6: counted from what the cycle has been granted so far, so down and up again adds nothing. */
const raiseGrant = (account: Account, ref: string, clock: number): void => {
  const raise = account.plan.monthlyCredits - grantedOf(account);
  if (account.cycle > 0 && raise > 0n)
    append(account, clock, { kind: 'grant', cycle: account.cycle, monthly: raise, ref });
};

const refused = (field: string): Verdict => ({ outcome: 'refused', reason: 'invalid', field });

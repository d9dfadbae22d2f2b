/**
 * Cycles and grants (rules 1, 2 and 4): bringing an account up to the clock of a commit, one missed cycle at a time.
 * Invariant: a cycle is granted once; a reset touches the monthly balance alone.
 *
 * Decided here because the contract is silent: a reset that expired or granted something is mailed; missed cycles make
 * one mail, of the last.
 */
import { cycleEnd, cycleStart } from '../../core/cycles.ts';
import { reviewAlerts } from './alerts.ts';
import { type Commit, replaceMail, supersede } from './commit.ts';
import { append, monthlyOf } from './entries.ts';
import { reviewLimits } from './limits.ts';
import { tell, tellEmptiness } from './platform.ts';
import type { Account } from './state.ts';

/** Ends every cycle that is over at the clock, and decides the limits of the day that it is now. */
export const bringUpToDate = (account: Account, commit: Commit): void => {
  while (commit.clock >= cycleEnd(account.schedule, account.cycle)) reset(account, commit);
  reviewLimits(account, commit, false);
};

/** When the running cycle started and ends. */
export const runningCycle = (account: Account): { cycle: number; startMs: number; endMs: number } => ({
  cycle: account.cycle,
  startMs: cycleStart(account.schedule, account.cycle),
  endMs: cycleEnd(account.schedule, account.cycle),
});

const reset = (account: Account, commit: Commit): void => {
  const left = monthlyOf(account);
  if (left > 0n) append(account, commit.clock, { kind: 'expiry', cycle: account.cycle, monthly: -left });
  account.cycle += 1;
  if (!account.closed) {
    append(account, commit.clock, { kind: 'grant', cycle: account.cycle, monthly: account.plan.monthlyCredits });
    tell(account, commit.clock, 'credits.reset');
  }
  const cause = { by: 'reset', ref: '', silent: false } as const;
  tellEmptiness(account, commit, cause);
  supersede(account, ({ kind }) => kind === 'expiring');
  if (!account.closed && (left > 0n || account.plan.monthlyCredits > 0n)) {
    replaceMail(account, 'monthly-reset', commit.clock);
  }
  reviewAlerts(account, commit, cause);
};

/**
 * Low-credit alerts (rule 9): the state of each alert of an account, decided after every step that can change it.
 * Firing is recorded always, and told unless it is silent; arming again takes back what was not sent yet.
 *
 * Decided here because the contract is silent: an alert of the same kind and number keeps its state whatever it is called
 * (its own name first); the built-in two have a name space of their own; removing an alert takes back its unsent mail; what
 * else a mail told of that is taken back, and is still crossed, is told anew.
 */
import { cycleEnd } from '../../core/cycles.ts';
import { daysOfData, type Forecast, forecast, NO_FORECAST } from '../../core/forecast.ts';
import { localDayAt } from '../../core/local-days.ts';
import { BUILT_IN_ALERTS, isCrossed, type Level, levelOf, nextState, sameRule } from '../../core/thresholds.ts';
import type { Alert } from '../../core/types.ts';
import { type Cause, type Commit, supersede } from './commit.ts';
import { grantedOf, remainingOf } from './entries.ts';
import { tell } from './platform.ts';
import type { Account, AlertRecord, Crossing, Mail } from './state.ts';

/** The two alerts of a new account: one that `remaining` already is at or below starts as fired, silently. */
export const startAlerts = (account: Account, clock: number): void => {
  account.alerts = BUILT_IN_ALERTS.map((alert) => started(account, alert, true, clock));
};

/** `alerts.set`: the whole list. Unchanged alerts keep their state, the others start anew. */
export const replaceAlerts = (account: Account, alerts: readonly Alert[], commit: Commit): void => {
  const before = account.alerts;
  const builtIn = before.filter((record) => record.builtIn);
  const left = new Set(before.filter((record) => !record.builtIn));
  const take = (alert: Alert, named: boolean): AlertRecord | undefined => {
    const found = [...left].find(({ alert: old }) => sameRule(old, alert) && (!named || old.id === alert.id));
    if (found !== undefined) left.delete(found);
    return found;
  };
  const named = alerts.map((alert) => take(alert, true));
  const own = alerts.map((alert, i) => {
    const kept = named[i] ?? take(alert, false);
    if (kept === undefined) return started(account, alert, false, commit.clock);
    return kept.alert.id === alert.id ? kept : { alert, builtIn: false, state: kept.state };
  });
  account.alerts = [...builtIn, ...own];
  for (const gone of before) if (!account.alerts.some((one) => sameRecord(one, gone))) takeBack(account, commit, gone);
};

const sameRecord = (a: AlertRecord, b: AlertRecord): boolean => a.builtIn === b.builtIn && sameRule(a.alert, b.alert);

/** Decides every alert of the account after a step. */
export const reviewAlerts = (account: Account, commit: Commit, cause: Cause): void => {
  const remaining = remainingOf(account);
  for (const record of account.alerts) {
    const level = levelNow(account, record.alert, commit.clock);
    const state = nextState(record.state, level, remaining);
    if (state === record.state) continue;
    record.state = state;
    if (state === 'fired') fire(account, commit, record, { ...cause, threshold: level!.threshold, remaining });
    else rearm(account, commit, record);
  }
};

const fire = (
  account: Account,
  commit: Commit,
  record: AlertRecord,
  { by, ref, silent, threshold, remaining }: Cause & { threshold: bigint; remaining: bigint },
): void => {
  const crossing: Crossing = {
    ...{ alert: record.alert, builtIn: record.builtIn, at: commit.clock, remaining, threshold, by, ref },
    silent: silent || account.closed,
  };
  account.crossings.push(crossing);
  commit.fired.set(account, (commit.fired.get(account) ?? new Map()).set(record, crossing));
  if (record.builtIn && record.alert.id === 'low' && remaining > 0n) tell(account, commit.clock, 'credits.low');
};

const rearm = (account: Account, commit: Commit, record: AlertRecord): void => {
  commit.fired.get(account)?.delete(record);
  takeBack(account, commit, record);
};

const takeBack = (account: Account, commit: Commit, { alert, builtIn }: AlertRecord): void => {
  const about = ({ crossing }: Mail): boolean => crossing?.builtIn === builtIn && sameRule(crossing.alert, alert);
  const others = account.mails.filter((mail) => mail.status === 'unsent' && about(mail)).flatMap((mail) => mail.others);
  supersede(account, about);
  for (const crossing of others) {
    const still = account.alerts.find(
      (one) => one.state === 'fired' && one.builtIn === crossing.builtIn && sameRule(one.alert, crossing.alert),
    );
    if (still === undefined) continue;
    commit.fired.set(account, (commit.fired.get(account) ?? new Map()).set(still, crossing));
  }
};

const started = (account: Account, alert: Alert, builtIn: boolean, clock: number): AlertRecord => ({
  alert,
  builtIn,
  state: isCrossed(levelNow(account, alert, clock), remainingOf(account)) ? 'fired' : 'armed',
});

/** Where an alert stands at the clock. The forecast is worked out only for the kind that needs it. */
export const levelNow = (account: Account, alert: Alert, clock: number): Level | undefined =>
  levelOf(alert, {
    granted: grantedOf(account),
    forecast: alert.kind === 'runway' ? forecastOf(account, clock) : NO_FORECAST,
  });

/** The forecast at the mean of the last complete local days; own-key usage counts as a day of data that cost nothing. */
export const forecastOf = (account: Account, clock: number): Forecast => {
  const today = localDayAt(account.schedule, clock);
  const firstDay = account.charges.reduce<number | undefined>(
    (first, { localDay }) => (first === undefined ? localDay : Math.min(first, localDay)),
    undefined,
  );
  const days = daysOfData(firstDay, today);
  const dailyCosts = Array.from({ length: days }, (_, i) => costOn(account, today - days + i));
  return forecast({
    dailyCosts,
    remaining: remainingOf(account),
    nowMs: clock,
    endMs: cycleEnd(account.schedule, account.cycle),
  });
};

const costOn = (account: Account, day: number): bigint =>
  account.charges
    .filter((charge) => charge.localDay === day && !charge.voided)
    .reduce((total, charge) => total + charge.cost, 0n);

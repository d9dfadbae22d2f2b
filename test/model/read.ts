/**
 * What can be asked of an account. Every read first brings it up to date to the clock (rule 4), so it writes entries,
 * crossings and platform events as a debit would.
 *
 * Decided here because the contract is silent: `balance` shows a smaller plan that waits for the next cycle as
 * `monthly.pending`, and has no such field otherwise; cycle 0 starts at 1970-01-01.
 */
import { gate as decide, type GateAnswer } from '../../core/gate.ts';
import { formatCredits } from '../../core/money.ts';
import { findPrice, isFree } from '../../core/price.ts';
import { LOW_PERCENT, percentOf } from '../../core/thresholds.ts';
import type { KeySource } from '../../core/types.ts';
import { levelNow } from './alerts.ts';
import { openCommit, settle } from './commit.ts';
import { bringUpToDate, runningCycle } from './cycles.ts';
import { bonusOf, grantedOf, monthlyOf, remainingOf, uncoveredOf } from './entries.ts';
import { expireParked } from './parked.ts';
import type { Account, Crossing, Entry, Mail, Model } from './state.ts';

/** The JSON of `balance`. */
export type Balance = {
  readonly accountId: string;
  readonly asOf: string;
  readonly monthly: {
    readonly granted: string;
    readonly remaining: string;
    readonly cycle: number;
    readonly start: string;
    readonly end: string;
    readonly pending?: string;
  };
  readonly bonus: { readonly remaining: string };
  readonly uncovered: string;
  readonly total: string;
  readonly state: 'ok' | 'low' | 'depleted' | 'closed';
};

/** An account up to date at the clock; `undefined` when it is not known. */
export const upToDate = (model: Model, accountId: string, clock: number): Account | undefined => {
  expireParked(model, clock);
  const account = model.accounts.get(accountId);
  if (account === undefined) return undefined;
  const commit = openCommit(clock);
  bringUpToDate(account, commit);
  settle(commit);
  return account;
};

export const readBalance = (model: Model, accountId: string, clock: number): Balance | undefined => {
  const account = upToDate(model, accountId, clock);
  if (account === undefined) return undefined;
  const { cycle, startMs, endMs } = runningCycle(account);
  const granted = grantedOf(account);
  const pending = !account.closed && cycle > 0 && account.plan.monthlyCredits < granted;
  return {
    accountId,
    asOf: iso(clock),
    monthly: {
      granted: formatCredits(granted),
      remaining: formatCredits(monthlyOf(account)),
      cycle,
      start: iso(startMs),
      end: iso(endMs),
      ...(pending ? { pending: formatCredits(account.plan.monthlyCredits) } : {}),
    },
    bonus: { remaining: formatCredits(bonusOf(account)) },
    uncovered: formatCredits(uncoveredOf(account)),
    total: formatCredits(remainingOf(account)),
    state: stateOf(account),
  };
};

/** `low`: at or under 20 percent of the grant, when there is one. */
const stateOf = (account: Account): Balance['state'] => {
  if (account.closed) return 'closed';
  const [remaining, granted] = [remainingOf(account), grantedOf(account)];
  if (remaining === 0n) return 'depleted';
  return granted > 0n && remaining <= percentOf(granted, LOW_PERCENT) ? 'low' : 'ok';
};

export const readLedger = (model: Model, accountId: string, clock: number): readonly Entry[] | undefined =>
  upToDate(model, accountId, clock)?.entries;

/** Rule 10. `model` is the one the call would use, if it is known already. */
export const readGate = (
  model: Model,
  call: {
    readonly accountId: string;
    readonly serverId: string;
    readonly keySource?: KeySource;
    readonly model?: string;
  },
  clock: number,
): GateAnswer => {
  const account = upToDate(model, call.accountId, clock);
  const priced = call.model === undefined ? undefined : findPrice(model.book, call.model, clock);
  return decide({
    keySource: call.keySource ?? 'platform',
    freeModel: priced !== undefined && isFree(priced.price),
    account: account && {
      closed: account.closed,
      remaining: remainingOf(account),
      limited: account.servers.get(call.serverId)?.limited ?? false,
    },
  });
};

/** Each alert with its state and the level it stands at (`undefined`: off), what it crossed, and the mails. */
export type Alerts = {
  readonly alerts: readonly {
    readonly id: string;
    readonly builtIn: boolean;
    readonly kind: string;
    readonly state: 'armed' | 'fired';
    readonly threshold: bigint | undefined;
  }[];
  readonly crossings: readonly Crossing[];
  readonly mails: readonly Mail[];
};

export const readAlerts = (model: Model, accountId: string, clock: number): Alerts | undefined => {
  const account = upToDate(model, accountId, clock);
  return (
    account && {
      alerts: account.alerts.map(({ alert, builtIn, state }) => ({
        ...{ id: alert.id, builtIn, kind: alert.kind, state },
        threshold: levelNow(account, alert, clock)?.threshold,
      })),
      crossings: account.crossings,
      mails: account.mails,
    }
  );
};

const iso = (ms: number): string => new Date(ms).toISOString();

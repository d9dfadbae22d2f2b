/**
 * What the platform hears. `credits.depleted` and `credits.restored` follow the gate exactly: they are told when
 * `remaining` becomes zero and when it leaves zero. `credits.low` follows the built-in alert, with its hysteresis.
 *
 * Decided here because the contract is silent: `silent: true` silences mails, not these (a platform that blocks on
 * `depleted` must hear `restored`); the first grant of a new account is no `credits.reset`; a step that crosses both
 * tells `depleted` alone; each carries the state at its own moment.
 */
import { formatCredits } from '../../core/money.ts';
import type { Commit } from './commit.ts';
import { bonusOf, monthlyOf, remainingOf } from './entries.ts';
import type { Account, PlatformEventType, PlatformState } from './state.ts';

/** Adds one event with the account's next sequence number. */
export const tell = (account: Account, clock: number, type: PlatformEventType, serverId?: string): void => {
  const sequence = account.platformEvents.length + 1;
  const id = `${account.id}:${sequence}`;
  account.platformEvents.push({
    id,
    type,
    accountId: account.id,
    serverId,
    sequence,
    at: clock,
    state: stateOf(account),
  });
};

/** Tells `depleted` and `restored` when `remaining` reaches or leaves zero. */
export const tellEmptiness = (account: Account, commit: Commit): void => {
  const empty = remainingOf(account) === 0n;
  if (empty !== account.empty) tell(account, commit.clock, empty ? 'credits.depleted' : 'credits.restored');
  account.empty = empty;
};

const stateOf = (account: Account): PlatformState => ({
  monthly: formatCredits(monthlyOf(account)),
  bonus: formatCredits(bonusOf(account)),
  cycle: account.cycle,
  closed: account.closed,
  limitedServers: [...account.servers].filter(([, server]) => server.limited).map(([id]) => id),
});

/**
 * What the platform hears. `credits.depleted` and `credits.restored` follow the gate exactly: they are told when
 * `remaining` becomes zero and when it leaves zero. `credits.low` follows the built-in alert, with its hysteresis.
 *
 * Decided here because the contract is silent: `silent: true` silences mails, not these (a platform that blocks on
 * `depleted` must hear `restored`); the first grant of a new account is no `credits.reset`; a step that crosses both
 * tells `depleted` alone; each carries the state at its own moment; the servers in it are in the order of their ids.
 * Its owner hears `restored` by mail only after a mail that said `depleted`; not after a reset, whose own mail says it.
 */
import { formatCredits } from '../../core/money.ts';
import { type Cause, type Commit, replaceMail, supersede } from './commit.ts';
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
export const tellEmptiness = (account: Account, commit: Commit, { by, silent }: Pick<Cause, 'by' | 'silent'>): void => {
  const empty = remainingOf(account) === 0n;
  if (empty === account.empty) return;
  account.empty = empty;
  tell(account, commit.clock, empty ? 'credits.depleted' : 'credits.restored');
  if (empty) {
    supersede(account, ({ kind }) => kind === 'restored');
    return;
  }
  if (account.toldDepleted && by !== 'reset' && !silent && !account.closed) {
    replaceMail(account, 'restored', commit.clock);
  }
  account.toldDepleted = false;
};

const stateOf = (account: Account): PlatformState => ({
  monthly: formatCredits(monthlyOf(account)),
  bonus: formatCredits(bonusOf(account)),
  cycle: account.cycle,
  closed: account.closed,
  limitedServers: [...account.servers]
    .filter(([, server]) => server.limited)
    .map(([id]) => id)
    .sort(),
});

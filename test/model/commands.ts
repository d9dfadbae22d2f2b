/**
 * Account commands: identity first, then the account, then the rule of each kind (one file each). An id is idempotent
 * for the life of the account, in a space of its own.
 * Invariant: every outcome is in the history, and only `applied`, `stale` and `parked` use the id up.
 */
import { commandBody } from '../../core/identity.ts';
import type { AccountCommand } from '../../core/types.ts';
import { reviewAlerts } from './alerts.ts';
import { closeAccount } from './close.ts';
import { type Commit, openCommit, settle } from './commit.ts';
import { bringUpToDate } from './cycles.ts';
import { bury } from './dead-letters.ts';
import { reviewLimits } from './limits.ts';
import { expireParked, park, releaseAccount } from './parked.ts';
import { tellEmptiness } from './platform.ts';
import { purchase, refund } from './purchases.ts';
import { setAlerts, setLimit } from './settings.ts';
import { type Account, type At, type CommandOutcome, identity, type Model } from './state.ts';
import { firstUpsert, upsert } from './upsert.ts';
import { voidUsage } from './void.ts';

/** What a rule makes of a command: applied, stale, or refused with the field that is wrong. */
export type Verdict =
  | { readonly outcome: 'applied'; readonly detail?: 'voided' | 'remembered' | 'already-voided' }
  | { readonly outcome: 'stale' }
  | { readonly outcome: 'refused'; readonly reason: 'invalid' | 'internal'; readonly field: string };

/** One command, in a commit of its own. The first upsert of an account releases what was parked for it. */
export const applyCommand = (model: Model, command: AccountCommand, at: At): CommandOutcome => {
  expireParked(model, at.clock);
  const seen = model.seenCommands.get(identity(command.accountId, command.id));
  if (seen !== undefined) {
    const same = seen === commandBody(command);
    return record(
      model,
      command,
      at,
      same ? { outcome: 'duplicate' } : bury(model, 'command', command, 'conflict', 'id'),
    );
  }
  if (model.accounts.has(command.accountId)) return applyKnown(model, command, at);
  if (command.type !== 'account.upsert') {
    return record(model, command, at, park(model, { kind: 'command', command, at, reason: 'unknown-account' }));
  }
  const outcome = conclude(model, command, at, firstUpsert(model, command, at));
  if (outcome.outcome === 'applied') releaseAccount(model, command.accountId, at.clock);
  return outcome;
};

/** A command whose account is known and whose id is new. Released commands come in here. */
export const applyKnown = (model: Model, command: AccountCommand, at: At): CommandOutcome => {
  const account = model.accounts.get(command.accountId)!;
  const commit = openCommit(at.clock);
  bringUpToDate(account, commit);
  const verdict = decide(model, account, command, at, commit);
  const cause = { by: 'command', ref: command.id, silent: command.silent } as const;
  tellEmptiness(account, commit, cause);
  reviewAlerts(account, commit, cause);
  reviewLimits(account, commit, command.silent);
  settle(commit);
  return conclude(model, command, at, verdict);
};

const decide = (model: Model, account: Account, command: AccountCommand, at: At, commit: Commit): Verdict => {
  switch (command.type) {
    case 'account.upsert':
      return upsert(account, command, at);
    case 'account.close':
      return closeAccount(account);
    case 'credits.purchase':
      return purchase(account, command, at.clock);
    case 'credits.refund':
      return refund(account, command, at.clock);
    case 'alerts.set':
      return setAlerts(account, command, at, commit);
    case 'server.limit':
      return setLimit(account, command, at);
    case 'usage.void':
      return voidUsage(model, account, command, at.clock);
  }
};

const conclude = (model: Model, command: AccountCommand, at: At, verdict: Verdict): CommandOutcome => {
  const key = identity(command.accountId, command.id);
  if (verdict.outcome === 'refused') {
    model.seenCommands.delete(key); // a command that was parked had used it
    return record(model, command, at, bury(model, 'command', command, verdict.reason, verdict.field));
  }
  model.seenCommands.set(key, commandBody(command));
  return record(model, command, at, verdict);
};

const record = (model: Model, command: AccountCommand, at: At, outcome: CommandOutcome): CommandOutcome => {
  const { accountId, id: commandId, type } = command;
  model.history.push({ accountId, commandId, type, at: at.clock, outcome });
  return outcome;
};

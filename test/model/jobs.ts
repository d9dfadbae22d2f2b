/**
 * What scheduled jobs and the notifier do, as far as the contract says: look at thresholds without a debit, send what
 * is unsent, apply dead letters again.
 *
 * Decided here because the contract is silent: a redrive charges as of now and does not ask again how late an event is
 * (what died of that could never be applied otherwise), but leaves what is still ahead of the clock; a command is applied
 * with the time it was queued where it carries none; what was applied before counts as redriven; and a letter stays where
 * it is when it would only die again or wait. Credits are about to expire in the last three days of a cycle, when a
 * fifth of its grant or more is left; that is told once a cycle.
 */
import { commandBody, eventBody } from '../../core/identity.ts';
import { DAY_MS, FUTURE_MS_MAX } from '../../core/limits.ts';
import { priceEvent } from '../../core/price.ts';
import type { AccountCommand, UsageEvent } from '../../core/types.ts';
import { reviewAlerts } from './alerts.ts';
import { applyCommand } from './commands.ts';
import { type Commit, openCommit, replaceMail, settle } from './commit.ts';
import { bringUpToDate, runningCycle } from './cycles.ts';
import { exhume } from './dead-letters.ts';
import { grantedOf, monthlyOf } from './entries.ts';
import { admit } from './events.ts';
import { type Account, type DeadLetter, type DeadReason, identity, type Mail, type Model } from './state.ts';

/** `cycle-reset`, `threshold-check` and `daily-limits` in one: every account, brought up to date and looked at. */
export const runJobs = (model: Model, clock: number): void => {
  for (const account of model.accounts.values()) {
    const commit = openCommit(clock);
    bringUpToDate(account, commit);
    reviewAlerts(account, commit, { by: 'job', ref: '', silent: false });
    reviewExpiry(account, commit);
    settle(commit);
  }
};

const reviewExpiry = (account: Account, commit: Commit): void => {
  const { cycle, endMs } = runningCycle(account);
  const [left, granted] = [monthlyOf(account), grantedOf(account)];
  if (account.closed || cycle < 1 || account.expiringCycle === cycle || commit.clock < endMs - 3 * DAY_MS) return;
  if (left === 0n || left * 5n < granted) return;
  account.expiringCycle = cycle;
  replaceMail(account, 'expiring', commit.clock);
};

/** Sends every unsent mail, of all accounts or of one, and those that this decides; answers what was sent. */
export const sendMails = (model: Model, accountId?: string): Mail[] => {
  const accounts = [...model.accounts.values()].filter(({ id }) => accountId === undefined || id === accountId);
  const unsent = accounts.flatMap(({ mails }) => mails.filter(({ status }) => status === 'unsent'));
  for (const mail of unsent) mail.status = 'sent';
  for (const account of accounts) {
    const says = account.mails.find((mail) => unsent.includes(mail) && mail.crossing?.threshold === 0n);
    if (says === undefined) continue;
    if (account.empty) account.toldDepleted = true;
    else if (!account.closed) replaceMail(account, 'restored', says.at);
  }
  return unsent.length === 0 ? [] : [...unsent, ...sendMails(model, accountId)];
};

/** Applies what can be applied now, in the order it died; answers how many. */
export const redrive = (model: Model, clock: number, reason?: DeadReason): number => {
  const letters = [...model.deadLetters.values()].filter((letter) => reason === undefined || letter.reason === reason);
  const applied = letters.filter((letter) => applies(model, letter, clock));
  for (const letter of applied) exhume(model, letter);
  return applied.length;
};

const applies = (model: Model, letter: DeadLetter, clock: number): boolean => {
  const { source } = letter;
  if (!model.accounts.has(source.accountId) && !isFirstUpsert(source)) return false;
  return isCommand(source) ? commandApplies(model, source, clock) : eventApplies(model, source, clock);
};

const commandApplies = (model: Model, command: AccountCommand, clock: number): boolean => {
  const seen = model.seenCommands.get(identity(command.accountId, command.id));
  if (seen !== undefined) return seen === commandBody(command);
  return applyCommand(model, command, { clock, queuedAt: clock }).outcome !== 'dead-letter';
};

const eventApplies = (model: Model, event: UsageEvent, clock: number): boolean => {
  const seen = model.seenEvents.get(identity(event.accountId, event.id));
  if (seen !== undefined) return seen === eventBody(event);
  if (priceEvent(model.book, event.model, event.tokens, event.occurredAt, event.keySource) === undefined) return false;
  if (event.occurredAt > clock + FUTURE_MS_MAX) return false;
  const at = { clock, queuedAt: clock };
  const commit = openCommit(clock);
  const { outcome } = admit(model, commit, event, at);
  settle(commit);
  return outcome === 'accepted';
};

const isCommand = (source: UsageEvent | AccountCommand): source is AccountCommand => 'type' in source;
const isFirstUpsert = (source: UsageEvent | AccountCommand): boolean =>
  isCommand(source) && source.type === 'account.upsert';

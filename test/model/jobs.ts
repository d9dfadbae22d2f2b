/**
 * What scheduled jobs and the notifier do, as far as the contract says: look at thresholds without a debit, send what
 * is unsent, apply dead letters again.
 *
 * Decided here because the contract is silent: a redrive charges as of now, judges lateness again save for what was
 * parked (that was judged when it first arrived), and leaves a letter where it is when it would only die again or wait.
 */
import { eventBody } from '../../core/identity.ts';
import { priceEvent } from '../../core/price.ts';
import type { AccountCommand, UsageEvent } from '../../core/types.ts';
import { reviewAlerts } from './alerts.ts';
import { applyCommand } from './commands.ts';
import { openCommit, settle } from './commit.ts';
import { bringUpToDate } from './cycles.ts';
import { exhume } from './dead-letters.ts';
import { admit, applyEvent } from './events.ts';
import { type DeadLetter, type DeadReason, identity, type Mail, type Model } from './state.ts';

/** `cycle-reset`, `threshold-check` and `daily-limits` in one: every account, brought up to date and looked at. */
export const runJobs = (model: Model, clock: number): void => {
  for (const account of model.accounts.values()) {
    const commit = openCommit(clock);
    bringUpToDate(account, commit);
    reviewAlerts(account, commit, { by: 'job', ref: '', silent: false });
    settle(commit);
  }
};

/** Sends every unsent mail; answers what was sent. */
export const sendMails = (model: Model): Mail[] => {
  const unsent = [...model.accounts.values()].flatMap(({ mails }) => mails.filter(({ status }) => status === 'unsent'));
  for (const mail of unsent) mail.status = 'sent';
  return unsent;
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
  return isCommand(source) ? commandApplies(model, source, clock) : eventApplies(model, letter, source, clock);
};

const commandApplies = (model: Model, command: AccountCommand, clock: number): boolean => {
  if (model.seenCommands.has(identity(command.accountId, command.id))) return false;
  return applyCommand(model, command, { clock, queuedAt: clock }).outcome !== 'dead-letter';
};

const eventApplies = (model: Model, { reason }: DeadLetter, event: UsageEvent, clock: number): boolean => {
  const seen = model.seenEvents.get(identity(event.accountId, event.id));
  if (seen !== undefined) return seen === eventBody(event);
  if (priceEvent(model.book, event.model, event.tokens, event.occurredAt, event.keySource) === undefined) return false;
  const at = { clock, queuedAt: clock };
  if (reason !== 'unknown-account' && reason !== 'unknown-model')
    return applyEvent(model, event, at).outcome === 'accepted';
  const commit = openCommit(clock);
  const { outcome } = admit(model, commit, event, at);
  settle(commit);
  return outcome === 'accepted';
};

const isCommand = (source: UsageEvent | AccountCommand): source is AccountCommand => 'type' in source;
const isFirstUpsert = (source: UsageEvent | AccountCommand): boolean =>
  isCommand(source) && source.type === 'account.upsert';

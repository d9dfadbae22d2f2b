/**
 * What happens to an event: exactly one outcome. First whether it was seen, then whether its time is acceptable, then
 * whether account and model are known; only then is it charged.
 * Invariant: an identity is used by what was accepted or parked, never by a dead letter.
 */
import { eventBody } from '../../core/identity.ts';
import { FUTURE_MS_MAX } from '../../core/limits.ts';
import { priceEvent } from '../../core/price.ts';
import type { UsageEvent } from '../../core/types.ts';
import { reviewAlerts } from './alerts.ts';
import { charge } from './charge.ts';
import { type Commit, openCommit, settle } from './commit.ts';
import { bringUpToDate } from './cycles.ts';
import { bury } from './dead-letters.ts';
import { reviewLimits } from './limits.ts';
import { expireParked, park } from './parked.ts';
import { tellEmptiness } from './platform.ts';
import { type At, type EventOutcome, identity, type Model } from './state.ts';

/** One event in a commit of its own. */
export const applyEvent = (model: Model, event: UsageEvent, at: At): EventOutcome =>
  applyEvents(model, [{ event, queuedAt: at.queuedAt }], at.clock)[0]!;

/** Several events in one commit: the same outcomes and balances; alerts crossed in it make one mail an account. */
export const applyEvents = (
  model: Model,
  events: readonly { readonly event: UsageEvent; readonly queuedAt: number }[],
  clock: number,
): EventOutcome[] => {
  expireParked(model, clock);
  const commit = openCommit(clock);
  const outcomes = events.map(({ event, queuedAt }) => arrive(model, commit, event, { clock, queuedAt }));
  settle(commit);
  return outcomes;
};

const arrive = (model: Model, commit: Commit, event: UsageEvent, at: At): EventOutcome => {
  const seen = model.seenEvents.get(identity(event.accountId, event.id));
  if (seen !== undefined) {
    return seen === eventBody(event) ? { outcome: 'duplicate' } : bury(model, 'event', event, 'conflict', 'id');
  }
  if (event.occurredAt < at.clock - model.acceptMs) return bury(model, 'event', event, 'too-late', 'occurredAt');
  if (event.occurredAt > at.clock + FUTURE_MS_MAX) return bury(model, 'event', event, 'future', 'occurredAt');
  return admit(model, commit, event, at);
};

/** Charges an event whose identity and time are in order, or parks it. Released events come in here. */
export const admit = (model: Model, commit: Commit, event: UsageEvent, at: At): EventOutcome => {
  const account = model.accounts.get(event.accountId);
  if (account === undefined) return park(model, { kind: 'event', event, at, reason: 'unknown-account' });
  const price = priceEvent(model.book, event.model, event.tokens, event.occurredAt, event.keySource);
  if (price === undefined) return park(model, { kind: 'event', event, at, reason: 'unknown-model' });
  bringUpToDate(account, commit);
  const key = identity(event.accountId, event.id);
  const made = charge(account, { event, price, voided: model.voids.has(key) }, at);
  if (made === undefined) {
    model.seenEvents.delete(key); // a parked one had used it
    return bury(model, 'event', event, 'internal');
  }
  model.seenEvents.set(key, eventBody(event));
  const cause = { by: 'event', ref: event.id, silent: false } as const;
  tellEmptiness(account, commit, cause);
  reviewAlerts(account, commit, cause);
  reviewLimits(account, commit, false);
  return { outcome: 'accepted', charge: made };
};

/**
 * What waits for its account or its model. Parking counts as seen: a resend is a duplicate. On release an event is
 * charged as one that arrived at the release; a command keeps the time it was queued, which may be its `at`.
 *
 * Decided here because the contract is silent: commands count towards the bound and age like events; an event that was
 * waiting for its account and finds its model unknown goes on waiting, from its first arrival; what arrives when the
 * bound is reached becomes a dead letter (never what waits longest).
 */
import { commandBody, eventBody } from '../../core/identity.ts';
import { PARKED_MS_MAX } from '../../core/limits.ts';
import type { PriceBook } from '../../core/price.ts';
import { applyKnown } from './commands.ts';
import { openCommit, settle } from './commit.ts';
import { bury } from './dead-letters.ts';
import { admit } from './events.ts';
import { type DeadReason, identity, type Model, type Parked } from './state.ts';

type ParkOutcome<Reason> =
  | { readonly outcome: 'parked'; readonly reason: Reason }
  | { readonly outcome: 'dead-letter'; readonly reason: Reason & DeadReason };

/** Puts something new aside, or makes it a dead letter of the same reason when there is no room. */
export const park = <P extends Parked>(model: Model, parked: P): ParkOutcome<P['reason']> => {
  const { kind, reason } = parked;
  if (model.parked.length >= model.parkedMax)
    return bury(model, kind, sourceOf(parked), reason) as ParkOutcome<P['reason']>;
  model.parked.push(parked);
  takeIdentity(model, parked);
  return { outcome: 'parked', reason };
};

/** Makes dead letters of what has waited over 30 days; their identities are free again. */
export const expireParked = (model: Model, clock: number): void => {
  const tooOld = (parked: Parked) => clock - parked.at.clock > PARKED_MS_MAX;
  for (const parked of model.parked.filter(tooOld)) {
    const { accountId, id } = sourceOf(parked);
    (parked.kind === 'event' ? model.seenEvents : model.seenCommands).delete(identity(accountId, id));
    bury(model, parked.kind, sourceOf(parked), parked.reason);
  }
  model.parked = model.parked.filter((parked) => !tooOld(parked));
};

/** After an account's first upsert: its commands in their order, then its events in theirs. */
export const releaseAccount = (model: Model, accountId: string, clock: number): void => {
  const waiting = take(model, (p) => p.reason === 'unknown-account' && sourceOf(p).accountId === accountId);
  for (const parked of waiting)
    if (parked.kind === 'command') applyKnown(model, parked.command, { ...parked.at, clock });
  releaseEvents(model, waiting, clock);
};

/** A new price book: what waited for a model it knows is applied. */
export const setBook = (model: Model, book: PriceBook, clock: number): void => {
  expireParked(model, clock);
  model.book = book;
  releaseEvents(
    model,
    take(model, (p) => p.reason === 'unknown-model'),
    clock,
  );
};

const releaseEvents = (model: Model, waiting: readonly Parked[], clock: number): void => {
  const commit = openCommit(clock);
  for (const parked of waiting) {
    if (parked.kind !== 'event') continue;
    const { outcome } = admit(model, commit, parked.event, { clock, queuedAt: clock });
    if (outcome !== 'parked') continue;
    // Parked anew for its model: it keeps the time of its first arrival.
    model.parked[model.parked.length - 1] = { ...parked, reason: 'unknown-model' };
  }
  settle(commit);
};

const take = (model: Model, which: (parked: Parked) => boolean): Parked[] => {
  const taken = model.parked.filter(which);
  model.parked = model.parked.filter((parked) => !which(parked));
  return taken;
};

const takeIdentity = (model: Model, parked: Parked): void => {
  const { accountId, id } = sourceOf(parked);
  if (parked.kind === 'event') model.seenEvents.set(identity(accountId, id), eventBody(parked.event));
  else model.seenCommands.set(identity(accountId, id), commandBody(parked.command));
};

const sourceOf = (parked: Parked) => (parked.kind === 'event' ? parked.event : parked.command);

/**
 * One usage event on its way through the worker: taken from a job, grouped, committed, told to its job.
 * Its outcome is set exactly once.
 */
import type { UsageEvent } from '../../core/types.ts';
import type { DeadLetter, DeadLetterReason } from '../../ledger/dead-letters.ts';

/** What happened to an event, as a job's return value tells it (contract, "Usage event"). */
export type EventOutcome =
  | { readonly outcome: 'accepted' | 'duplicate' }
  | { readonly outcome: 'parked'; readonly reason: 'unknown-account' | 'unknown-model' }
  | {
      readonly outcome: 'dead-letter';
      readonly reason: DeadLetterReason;
      readonly field?: string;
      readonly detail?: string;
    };

export interface UsageItem {
  /** undefined for what could not be parsed: such an item only has a dead letter. */
  readonly event: UsageEvent | undefined;
  readonly queuedAt: number;
  /** Of one that leaves its list: when it first came. */
  readonly parkedAt?: number;
  /** Set when the event is to be set aside instead of charged. */
  dead?: DeadLetter;
  settle(outcome: EventOutcome): void;
}

/** What is told of an event that is set aside: its ids as far as they can be read, and its text. */
export interface SentEvent {
  readonly accountId: string;
  readonly id: string;
  readonly body: string;
}

/** The dead letter of an event as it was sent. */
export function sentLetter(
  { accountId, id, body }: SentEvent,
  queuedAt: number,
  reason: DeadLetterReason,
  field: string,
  detail: string,
): DeadLetter {
  return { kind: 'event', accountId, id, reason, field, detail, body, queuedAt };
}

/** The dead letter of an event that was parsed; its body is the event as parsed. */
export function eventLetter(
  event: UsageEvent,
  queuedAt: number,
  reason: DeadLetterReason,
  field: string,
  detail: string,
): DeadLetter {
  const { accountId, id } = event;
  return sentLetter({ accountId, id, body: eventText(event) }, queuedAt, reason, field, detail);
}

/** An event as JSON in the contract's shape; fields in one order, because the text is part of a dead letter's identity. */
export function eventText({
  id,
  accountId,
  serverId,
  model,
  occurredAt,
  tokens,
  keySource,
  attributes,
}: UsageEvent): string {
  const { input, output, cacheRead, cacheWrite } = tokens;
  return JSON.stringify({
    ...{ id, accountId, serverId, model, occurredAt },
    tokens: { input, output, cacheRead, cacheWrite },
    keySource,
    attributes: Object.fromEntries(attributes),
  });
}

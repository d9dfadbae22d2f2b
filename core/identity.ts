/**
 * Idempotency keys, all built here and only from facts: account and id, never a clock or a queue's job id.
 * Parts are length-prefixed, so that "a:b" with "c" is never "a" with "b:c". An event's id and a command's id are
 * spaces of their own.
 */
import { hash } from 'node:crypto';
import type { AccountCommand, UsageEvent } from './types.ts';

/** 16 bytes: of 10^13 ids, two share a key with a chance of 1 in 10^13. */
export const KEY_BYTES = 16;
/** KEY_BYTES bytes as a latin1 text, a character a byte: a third of what a Buffer costs, 100,000 times a second. */
export type Key = string;
/** 4 bytes of the body beside an id: a changed body under a used id goes unnoticed once in 4 billion. */
export const BODY_HASH_BYTES = 4;

/** The identity of an event: account and event id. */
export const eventKey = (accountId: string, eventId: string): Key => keyOf('event', accountId, eventId);

/** The identity of a command: account and command id, for the life of the account. */
export const commandKey = (accountId: string, commandId: string): Key => keyOf('command', accountId, commandId);

/** One dead letter per identity, body and reason. `id` and `accountId` are '' when they could not be read. */
export const deadLetterKey = (letter: {
  readonly kind: 'event' | 'command' | 'job';
  readonly accountId: string;
  readonly id: string;
  readonly reason: string;
  readonly body: string;
}): Key => keyOf('dead', letter.kind, letter.accountId, letter.id, letter.reason, letter.body);

/** One record that a dead letter was redriven; `letterKey` is the letter's own key in hex. */
export const redrivenKey = (letterKey: string): Key => keyOf('redriven', letterKey);

/** Equal for two events exactly when their parsed bodies are: defaults filled in, ms, attributes sorted, model as sent. */
export const eventBody = (event: UsageEvent): string => {
  const { input, output, cacheRead, cacheWrite } = event.tokens;
  return JSON.stringify([
    event.serverId,
    event.model,
    event.occurredAt,
    input,
    output,
    cacheRead,
    cacheWrite,
    event.keySource,
    event.attributes,
  ]);
};

/** Equal for two commands exactly when their parsed bodies are, in whatever order their fields came. */
export const commandBody = (command: AccountCommand): string => JSON.stringify(command, sortedKeys);

/** First bytes of the hash of a parsed body, as text of `eventBody` or `commandBody`. */
export const bodyHash = (body: string): Buffer => hash('sha256', body, 'buffer').subarray(0, BODY_HASH_BYTES);

const keyOf = (...parts: readonly string[]): Key => {
  let text = '';
  for (const part of parts) text += `${part.length}:${part}`;
  return hash('sha256', text, 'binary').slice(0, KEY_BYTES);
};

/** Left-out fields vanish (`undefined`), nulls stay, objects are written in the order of their keys, bigints as text. */
const sortedKeys = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return `${value}µ`;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
};

/**
 * What is set aside: the shape of a dead letter and its way into the outbox.
 * One record per identity, body and reason, however often it comes; it does not use the identity up.
 */
import { deadLetterKey, eventKey, type Key, redrivenKey } from '../core/identity.ts';
import { BLANK_RECORD, type EventRecord } from './commit-events.ts';
import type { LedgerKeys } from './keys.ts';

export type DeadLetterReason =
  | 'invalid'
  | 'conflict'
  | 'too-late'
  | 'future'
  | 'too-large'
  | 'internal'
  | 'unknown-account'
  | 'unknown-model'
  | 'unflushable';

export interface DeadLetter {
  readonly kind: 'event' | 'command' | 'job';
  /** '' where it could not be read. */
  readonly accountId: string;
  readonly id: string;
  readonly reason: DeadLetterReason;
  /** The field at fault, '' when there is none. */
  readonly field: string;
  /** One sentence for a person. */
  readonly detail: string;
  /** JSON text of what was sent. */
  readonly body: string;
  readonly queuedAt: number;
}

/** Characters of a body that are kept: enough for any event or command that the schemas accept. */
export const DEAD_BODY_CHARS_MAX = 65_536;

/** Texts of a letter come from outside and are cut: half a surrogate pair is nothing that ClickHouse can read. */
const whole = (text: string): string => text.toWellFormed();

/** The record that commits a dead letter. */
export function deadRecord(letter: DeadLetter): EventRecord {
  const key = deadLetterKey(letter);
  const { kind, accountId, id, reason, field, detail, body, queuedAt } = letter;
  const payload = JSON.stringify({
    ...{ key: Buffer.from(key, 'latin1').toString('hex'), kind, reason, queuedAt },
    ...{ accountId: whole(accountId), id: whole(id), field: whole(field), detail: whole(detail) },
    body: whole(body.slice(0, DEAD_BODY_CHARS_MAX)),
  });
  return { ...BLANK_RECORD, kind: 'dead', key, payload };
}

/** The records of one that was parked: its dead letter, and its identity, which parking had used, free again. */
export function deadParkedRecords(letter: DeadLetter, keys: LedgerKeys): EventRecord[] {
  const { accountId, id } = letter;
  const free: EventRecord =
    letter.kind === 'command'
      ? { ...BLANK_RECORD, kind: 'free', list: keys.commands(accountId), payload: id }
      : {
          ...BLANK_RECORD,
          kind: 'free',
          key: eventKey(accountId, id),
          payload: JSON.stringify({ accountId, id, kind: FREED }),
        };
  return [deadRecord(letter), free];
}

/**
 * The kind of a row in released_events that says: the parked event of this id became a dead letter, the id is free again.
 * Whoever looks an id up in ClickHouse needs it, because a dead letter that was recorded before is not recorded again.
 */
export const FREED = 'freed-event';

/** The record that commits a dead letter which was in doubt and is not in ClickHouse; `payload` is its line. */
export function letterRecord(key: Key, payload: string): EventRecord {
  return { ...BLANK_RECORD, kind: 'letter', key, payload };
}

/** What is recorded of a dead letter that was applied after all; `key` is the letter's own, in hex. */
export interface RedrivenLetter extends Pick<DeadLetter, 'kind' | 'accountId' | 'id' | 'reason'> {
  readonly key: string;
  readonly outcome: 'accepted' | 'applied' | 'stale' | 'duplicate';
}

/** The record that commits it, once a letter. */
export function redrivenRecord({ key, accountId, id, kind, reason, outcome }: RedrivenLetter): EventRecord {
  const payload = JSON.stringify({ key, accountId, id, kind, reason, outcome });
  return { ...BLANK_RECORD, kind: 'redriven', key: redrivenKey(key), payload };
}

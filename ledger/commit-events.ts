/**
 * The one door for usage events: packs a group of them for the atomic commit and reads its answer.
 * Knows the layout that commit-events.lua unpacks, and nothing of queues, prices or schemas.
 */
import { hash } from 'node:crypto';
import { TransientError } from '../core/errors.ts';
import { KEY_BYTES, type Key } from '../core/identity.ts';
import { DAY_MS, FUTURE_MS_MAX, PARKED_EVENTS_MAX, PARKED_MS_MAX } from '../core/limits.ts';
import { fenceArguments, type LedgerContext, sawSequence } from './context.ts';
import { bucketOf, parseDirectory } from './dedupe.ts';
import type { ScriptArgument } from './scripts.ts';

/** Events in one commit: 500 take 2–4 ms of Redis, so that neither a gate nor a queue waits longer than 5 ms. */
export const COMMIT_EVENTS_MAX = 500;

/**
 * One event of a group, priced and encoded. Times in ms, cost in µcr; `bodyHash` is an unsigned 32-bit number.
 * `free` gives up an identity: that of `key`, or with a `list`, which is a hash then, its field `payload`.
 * `seen` is one that was found in ClickHouse with the same body, `letter` a dead letter that was not found there,
 * `redriven` a dead letter that was applied after all.
 */
export interface EventRecord {
  readonly kind: 'usage' | 'dead' | 'park' | 'free' | 'seen' | 'letter' | 'redriven';
  readonly accountId: string;
  readonly serverId: string;
  readonly key: Key;
  readonly bodyHash: number;
  readonly cost: number;
  readonly occurredAt: number;
  /** Of one that leaves its list: when it first came. */
  readonly queuedAt: number;
  /** Local day of `occurredAt`, days since 1970-01-01. */
  readonly day: number;
  /** Where its body lies in the group's bodies, with the 4 bytes of its length; 0 and 0 when it has none. */
  readonly offset: number;
  readonly length: number;
  /** Version of the profile it was computed with; 0 when the account is believed unknown. */
  readonly profileVersion: number;
  /** The list to park it in. */
  readonly list?: string;
  /** JSON line for the outbox: of a dead letter or its redrive, a parked event or a released one; of one that waits on, its item. */
  readonly payload?: string;
  /** The last forgotten day when its id was looked up in ClickHouse and not found. */
  readonly lookedUpDay?: number;
}

/** What a record says that is no event to be charged or parked. */
export const BLANK_RECORD = {
  ...{ accountId: '', serverId: '', key: '\0'.repeat(KEY_BYTES), bodyHash: 0, cost: 0, occurredAt: 0, queuedAt: 0 },
  ...{ day: 0, offset: 0, length: 0, profileVersion: 0 },
} as const;

/** Items of a list, which leave it in the same step; refused with `page-released` when others stand there by now. */
export interface ReleasedPage {
  readonly list: string;
  readonly items: readonly string[];
  /** Where they stand, from 0; left out: at the front. */
  readonly place?: number;
}

export type EventLetter =
  | 'accepted'
  | 'duplicate'
  | 'conflict'
  | 'too-late'
  | 'future'
  | 'parked'
  | 'parking-full'
  | 'dead-recorded'
  | 'dead-known'
  | 'freed'
  | 'redriven'
  | 'stale'
  | 'old'
  | 'overdue';

const LETTERS: Readonly<Record<string, EventLetter>> = {
  a: 'accepted',
  d: 'duplicate',
  c: 'conflict',
  t: 'too-late',
  f: 'future',
  p: 'parked',
  l: 'parking-full',
  D: 'dead-recorded',
  e: 'dead-known',
  F: 'freed',
  R: 'redriven',
  s: 'stale',
  o: 'old',
  w: 'overdue',
};

export interface CommitReply {
  readonly clock: number;
  readonly sequence: number;
  readonly letters: readonly EventLetter[];
  /** Usage rows in the outbox that the flusher has not acknowledged. */
  readonly waitingRows: number;
  /** The last day whose ids may be forgotten here, in days since 1970-01-01 UTC; -1 when none are. */
  readonly forgottenDay: number;
}

export interface CommitSettings {
  readonly acceptDays: number;
  /** Commands and events that may be parked together; left out: PARKED_EVENTS_MAX. */
  readonly parkedMax?: number;
}

const RECORD_BYTES = 67;
/** Of an account in a group: its profile version and how many servers it has there. */
const ACCOUNT_BYTES = 10;
const KINDS = { usage: 0, dead: 1, park: 2, free: 3, seen: 4, letter: 5, redriven: 7 } as const;
const RELEASED_FLAG = 8;
const LOOKED_UP_FLAG = 16;
/** The directory may grow under a commit; each growth is a hundred thousand ids away from the next one. */
const DIRECTORY_TRIES_MAX = 100;

/** Commits one group. Throws FenceError, PermanentError `script-failed` / `amount-out-of-range`, TransientError. */
export async function commitEvents(
  context: LedgerContext,
  records: readonly EventRecord[],
  bodies: Buffer,
  settings: CommitSettings,
  released?: ReleasedPage,
): Promise<CommitReply> {
  for (let tries = 0; tries < DIRECTORY_TRIES_MAX; tries += 1) {
    const directory = context.seen.directory;
    const { keys, args } = packGroup(context, records, bodies, settings, directory, released);
    const reply = (await context.run('commitEvents', keys, args)) as string[];
    if (reply[2] === 'x') {
      context.seen.directory = reply[4]!;
      continue;
    }
    const sequence = Number(reply[1]);
    sawSequence(context, sequence);
    return {
      clock: Number(reply[0]),
      sequence,
      letters: Array.from(reply[2]!, (letter) => LETTERS[letter]!),
      waitingRows: Number(reply[3]),
      forgottenDay: Number(reply[5]),
    };
  }
  throw new TransientError('dedupe-directory-moving', 'The dedupe directory changed during every attempt to commit.');
}

/** Numbers the distinct values of a group from 1. */
class Numbering<T extends string | number = string> {
  readonly values: T[] = [];
  private readonly numbers = new Map<T, number>();

  of(value: T): number {
    let number = this.numbers.get(value);
    if (number === undefined) {
      number = this.values.push(value);
      this.numbers.set(value, number);
    }
    return number;
  }
}

function packGroup(
  context: LedgerContext,
  records: readonly EventRecord[],
  bodies: Buffer,
  settings: CommitSettings,
  directoryText: string,
  released: ReleasedPage | undefined,
): { keys: string[]; args: ScriptArgument[] } {
  const { keys: names } = context;
  const directory = parseDirectory(directoryText === '' ? '0:0' : directoryText);
  const accounts = new Map<string, { number: number; version: number; servers: Numbering }>();
  const buckets = new Numbering<number>();
  const lists = new Numbering();
  const payloads: string[] = [];
  const packed = Buffer.allocUnsafe(records.length * RECORD_BYTES);
  let lookedUpDay = Number.MAX_SAFE_INTEGER;
  let at = 0;
  for (const record of records) {
    const isEvent = record.kind === 'usage' || record.kind === 'park';
    let account = accounts.get(record.accountId);
    if (account === undefined && isEvent) {
      account = { number: accounts.size + 1, version: record.profileVersion, servers: new Numbering() };
      accounts.set(record.accountId, account);
    }
    const payload = record.payload === undefined ? 0 : payloads.push(record.payload);
    let kind = KINDS[record.kind] + (released !== undefined && isEvent ? RELEASED_FLAG : 0);
    if (record.lookedUpDay !== undefined) {
      kind += LOOKED_UP_FLAG;
      lookedUpDay = Math.min(lookedUpDay, record.lookedUpDay);
    }
    at = packed.writeUInt8(kind, at);
    at = packed.writeUInt16LE(isEvent ? account!.number : 0, at);
    at = packed.writeUInt16LE(record.kind === 'usage' ? account!.servers.of(record.serverId) : 0, at);
    at = packed.writeUInt16LE(buckets.of(bucketOf(directory, record.key)), at);
    at = packed.writeUInt16LE(record.list === undefined ? 0 : lists.of(record.list), at);
    at += packed.write(record.key, at, KEY_BYTES, 'latin1');
    at = packed.writeUInt32LE(record.bodyHash, at);
    at = packed.writeDoubleLE(record.cost, at);
    at = packed.writeDoubleLE(record.occurredAt, at);
    at = packed.writeDoubleLE(record.queuedAt, at);
    at = packed.writeInt32LE(record.day, at);
    at = packed.writeUInt32LE(record.offset, at);
    at = packed.writeUInt32LE(record.length, at);
    at = packed.writeUInt16LE(payload, at);
  }
  const serverNames: string[] = [];
  const accountBytes = Buffer.allocUnsafe(accounts.size * ACCOUNT_BYTES);
  at = 0;
  for (const { version, servers } of accounts.values()) {
    at = accountBytes.writeDoubleLE(version, at);
    at = accountBytes.writeUInt16LE(servers.values.length, at);
    for (const id of servers.values) serverNames.push(`s:${id}`);
  }
  const counts = Buffer.allocUnsafe(8);
  for (const [i, count] of [accounts.size, buckets.values.length, lists.values.length, serverNames.length].entries()) {
    counts.writeUInt16LE(count, i * 2);
  }
  return {
    keys: [
      names.meta,
      names.outboxRows,
      names.accounts,
      names.parkedIndex,
      names.lettersInDoubt,
      names.outboxEvents,
      names.mailsDue,
      names.midnights,
      ...Array.from(accounts.keys(), (id) => names.account(id)),
      ...buckets.values.map((bucket) => names.dedupe(bucket)),
      ...lists.values,
      ...(released === undefined ? [] : [released.list]),
    ],
    args: [
      ...fenceArguments(context),
      String(settings.acceptDays * DAY_MS),
      String(FUTURE_MS_MAX),
      String(settings.parkedMax ?? PARKED_EVENTS_MAX),
      directoryText,
      counts,
      packed,
      bodies,
      accountBytes,
      String(released?.items.length ?? 0),
      released === undefined ? '' : hash('sha1', released.items.join('')),
      String(released?.place ?? 0),
      String(PARKED_MS_MAX),
      String(lookedUpDay),
      ...accounts.keys(),
      ...serverNames,
      ...payloads,
    ],
  };
}

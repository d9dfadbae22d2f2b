/**
 * Reading the outbox of rows: the stream that every commit appends one entry to and that the flusher alone trims.
 * Owns the shape of an entry and the hash over a range of them; what the rows mean is schema/rows.ts.
 * Invariant: an entry's id is `<sequence>-0`, sequences rise, and an entry never changes once it is there.
 */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { PermanentError } from '../core/errors.ts';
import { defineFlushScripts } from './flush-scripts.ts';
import type { LedgerKeys } from './keys.ts';

/** The lists of lines that an entry may carry; what each line holds is written at the commit scripts. */
export const LINE_FIELDS = [
  'entries',
  'history',
  'contacts',
  'alerts',
  'mails',
  'dead',
  'parked',
  'released',
  'redriven',
] as const;
export type LineField = (typeof LINE_FIELDS)[number];

/** One commit's rows, as bytes. `usage`: u32le length and body, again and again; `splits`: one of fixed width a body. */
export type OutboxEntry = {
  readonly sequence: number;
  /** Clock of the commit, ms. */
  readonly at: number;
  readonly usage: Buffer;
  readonly splits: Buffer;
  readonly lines: Readonly<Partial<Record<LineField, Buffer>>>;
  /** Bytes of all its fields. */
  readonly bytes: number;
  /** Names and values as Redis gave them: what the hash is over. */
  readonly fields: readonly Buffer[];
};

const EMPTY = Buffer.alloc(0);

/** The entries from sequence `first` on, at most `countMax`, in order; up to sequence `last` where it is given. */
export async function readEntries(
  redis: Redis,
  keys: LedgerKeys,
  first: number,
  countMax: number,
  last?: number,
): Promise<OutboxEntry[]> {
  const end = last === undefined ? '+' : `${last}-0`;
  const reply = (await redis.xrangeBuffer(keys.outboxRows, `${first}-0`, end, 'COUNT', countMax)) as [
    Buffer,
    Buffer[],
  ][];
  return reply.map(([id, fields]) => parseEntry(id.toString('latin1'), fields));
}

function parseEntry(id: string, fields: readonly Buffer[]): OutboxEntry {
  const match = /^(\d{1,16})-0$/.exec(id);
  const sequence = Number(match?.[1] ?? Number.NaN);
  const values = new Map<string, Buffer>();
  let bytes = 0;
  for (let i = 0; i < fields.length; i += 2) {
    values.set(fields[i]!.toString('latin1'), fields[i + 1]!);
    bytes += fields[i]!.length + fields[i + 1]!.length;
  }
  const at = Number(values.get('at')?.toString('latin1') ?? Number.NaN);
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(at)) {
    throw new PermanentError(
      'outbox-entry-malformed',
      `Outbox entry ${id} is malformed: it needs an id <sequence>-0 and "at".`,
    );
  }
  const lines: Partial<Record<LineField, Buffer>> = {};
  for (const field of LINE_FIELDS) {
    const value = values.get(field);
    if (value !== undefined && value.length > 0) lines[field] = value;
  }
  return {
    sequence,
    at,
    usage: values.get('usage') ?? EMPTY,
    splits: values.get('splits') ?? EMPTY,
    lines,
    bytes,
    fields,
  };
}

/** sha256, hex, over the ids and all fields of the entries, each length-prefixed: no two ranges share their bytes. */
export function hashEntries(entries: readonly OutboxEntry[]): string {
  const hash = createHash('sha256');
  for (const { sequence, fields } of entries) {
    const head = Buffer.allocUnsafe(12 + 4 * fields.length);
    head.writeBigUInt64LE(BigInt(sequence), 0);
    head.writeUInt32LE(fields.length, 8);
    fields.forEach((field, i) => {
      head.writeUInt32LE(field.length, 12 + 4 * i);
    });
    hash.update(head);
    for (const field of fields) hash.update(field);
  }
  return hash.digest('hex');
}

/** What waits to be flushed, for back-pressure and `drain`. `rows` are usage rows; `bytes` are Redis's memory. */
export type Backlog = {
  readonly entries: number;
  readonly rows: number;
  readonly bytes: number;
  readonly oldestAgeMs: number;
  /** Last sequence that ClickHouse has; newest one that waits, 0 when none does. */
  readonly flushedSequence: number;
  readonly newestSequence: number;
};

/** Reads the backlog of one partition as of one moment, in one call. Throws TransientError when Redis is away. */
export async function readBacklog(redis: Redis, keys: LedgerKeys): Promise<Backlog> {
  const run = defineFlushScripts(redis);
  const reply = (await run('flush-backlog', [keys.meta, keys.outboxRows], [])) as string[];
  const [entries, rows, bytes, oldestAgeMs, flushedSequence, newestSequence] = reply.map(Number);
  return {
    entries: entries!,
    rows: rows!,
    bytes: bytes!,
    oldestAgeMs: oldestAgeMs!,
    flushedSequence: flushedSequence!,
    newestSequence: newestSequence!,
  };
}

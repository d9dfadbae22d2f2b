/**
 * The flusher's door to Redis: the lease on a partition, the seal of the block in flight, the trim after it.
 * A seal says what a block is before any of it is sent, and stays until ClickHouse has all of it, so that a block that
 * is sent again is the same block. All three are compared inside the scripts.
 */
import type { Redis } from 'ioredis';
import { PermanentError, TransientError } from '../core/errors.ts';
import { defineFlushScripts } from './flush-scripts.ts';
import type { LedgerKeys } from './keys.ts';
import { type LeaseDoor, leaseDoor } from './lease-door.ts';

/** A row that ClickHouse refused for its content: its index among the block's rows of that table, and the words. */
export type RefusedRow = { readonly row: number; readonly code: string; readonly words: string };
/** By table; empty for nearly every block. */
export type Refused = Readonly<Record<string, readonly RefusedRow[]>>;

export type Seal = {
  readonly block: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** sha256 of the range, hex: `hashEntries`. */
  readonly hash: string;
  /** Usage rows in the range: what `waiting rows` goes down by. */
  readonly usageRows: number;
  /** Rows by table, as they are sent when none is refused. */
  readonly rows: Readonly<Record<string, number>>;
  readonly refused: Refused;
};

/** The last block and sequence that are flushed; undefined where none is. */
export type Flushed = { readonly block: number | undefined; readonly sequence: number };

export interface SealDoor extends LeaseDoor {
  /** Writes the seal of the next block, after block `before`. */
  seal(token: string, seal: Seal, before: number): Promise<void>;
  /** Writes down which rows of the sealed block were refused. */
  amend(token: string, seal: Seal): Promise<void>;
  /** Forgets the sealed range: stream, seal, and the counters move on together. */
  trim(token: string, seal: Seal): Promise<void>;
  readSeal(): Promise<Seal | undefined>;
  readFlushed(): Promise<Flushed>;
}

/**
 * Opens the door of one partition. Its methods throw LeaseLostError, FenceError, PermanentError, TransientError.
 * `leaseRedis` is a connection for the lease alone: a renewal must not wait behind a reply of many megabytes.
 */
export function sealDoor(redis: Redis, keys: LedgerKeys, ledgerId: string, leaseRedis = redis): SealDoor {
  const run = defineFlushScripts(redis);
  const held = [keys.meta, keys.flushLease, keys.flushSeal];
  const proof = (token: string, seal: Seal) => [ledgerId, token, String(seal.block), seal.hash];
  return {
    ...leaseDoor(leaseRedis, keys.flushLease),
    async seal(token, seal, before) {
      await run('flush-seal', held, [
        ...proof(token, seal),
        String(before),
        String(seal.firstSequence),
        ...fieldsOf(seal),
      ]);
    },
    async amend(token, seal) {
      await run('flush-seal', held, [...proof(token, seal), '', '', 'refused', JSON.stringify(seal.refused)]);
    },
    async trim(token, seal) {
      await run('flush-trim', [...held, keys.outboxRows], proof(token, seal));
    },
    async readSeal() {
      const fields = await asTransient(redis.hgetall(keys.flushSeal));
      return Object.keys(fields).length === 0 ? undefined : parseSeal(fields);
    },
    async readFlushed() {
      const [block, sequence] = await asTransient(redis.hmget(keys.meta, 'block', 'flushed'));
      return { block: block == null ? undefined : Number(block), sequence: Number(sequence ?? 0) };
    },
  };
}

function fieldsOf(seal: Seal): string[] {
  return [
    ...['block', String(seal.block), 'firstSequence', String(seal.firstSequence)],
    ...['lastSequence', String(seal.lastSequence), 'hash', seal.hash, 'usageRows', String(seal.usageRows)],
    ...['rows', JSON.stringify(seal.rows), 'refused', JSON.stringify(seal.refused)],
  ];
}

function parseSeal(fields: Record<string, string>): Seal {
  try {
    const number = (name: string): number => {
      const value = Number(fields[name]);
      if (!/^\d+$/.test(fields[name] ?? '') || !Number.isSafeInteger(value))
        throw new TypeError(`${name} is no number`);
      return value;
    };
    return {
      block: number('block'),
      firstSequence: number('firstSequence'),
      lastSequence: number('lastSequence'),
      hash: fields.hash ?? '',
      usageRows: number('usageRows'),
      rows: JSON.parse(fields.rows ?? '') as Record<string, number>,
      refused: JSON.parse(fields.refused ?? '') as Refused,
    };
  } catch (cause) {
    throw new PermanentError('flush-seal-malformed', 'The seal in Redis cannot be read; nothing was sent or trimmed.', {
      cause,
    });
  }
}

/** A plain read fails only because Redis is away. */
async function asTransient<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (cause) {
    throw new TransientError('redis-unavailable', 'Redis did not answer a read of the flusher.', { cause });
  }
}

/** What `createUsageClient` is given, and its bounds checked: a wrong one is refused by name, before anything is opened. */
import type { Redis, RedisOptions } from 'ioredis';
import { PermanentError } from '../core/errors.ts';
import { knownKeys } from '../core/options.ts';
import { partitionTag } from '../ledger/keys.ts';
import * as limits from './limits.ts';

export interface UsageClientOptions {
  /** The Redis of the service: `redis://user:password@host:6379/0`, or `rediss://` for TLS. This or `connection`. */
  readonly redisUrl?: string | undefined;
  /**
   * Options of ioredis, or a connection of it, which is only copied: the client opens two connections of its own and
   * closes them itself. This or `redisUrl`.
   */
  readonly connection?: Redis | RedisOptions | undefined;
  /** Hash tag of the partition, as BullMQ's `prefix`; left out: `{flowly-0}`. */
  readonly prefix?: string | undefined;
  /** A job is sent when it has so many events (1 to 1,000; left out: 500), */
  readonly batchEventsMax?: number | undefined;
  /** or would have more bytes of JSON (64 KiB to 512 KiB; left out: 512 KiB), */
  readonly batchBytesMax?: number | undefined;
  /** or its first event has waited so long (0 to 60,000 ms; left out: 20). */
  readonly batchWaitMs?: number | undefined;
  /** Events that may wait for Redis; beyond it `record` refuses (left out: 50,000). */
  readonly waitingEventsMax?: number | undefined;
  /** And bytes of them, as JSON (left out: 64 MiB). */
  readonly waitingBytesMax?: number | undefined;
  /** Queued events whose outcome is awaited at once (left out: 50,000; 0: never, and the queue's events are not read). */
  readonly unsettledEventsMax?: number | undefined;
  /**
   * Told what goes wrong while outcomes are listened for: Redis was away, or a message of the queue could not be read.
   * Nothing is lost by it, an outcome that was missed is asked for again. It must not throw. Left out: nobody is told.
   */
  readonly onListenError?: ((error: Error) => void) | undefined;
  /** How long `close` waits for a Redis that is away (0 to 3,600,000 ms; left out: 20,000). */
  readonly closeWaitMs?: number | undefined;
}

export interface Bounds {
  readonly batchEventsMax: number;
  readonly batchBytesMax: number;
  readonly batchWaitMs: number;
  readonly waitingEventsMax: number;
  readonly waitingBytesMax: number;
  readonly unsettledEventsMax: number;
  readonly closeWaitMs: number;
}

const NAMES = [
  ...([
    'redisUrl',
    'connection',
    'prefix',
    'batchEventsMax',
    'batchBytesMax',
    'batchWaitMs',
    'waitingEventsMax',
  ] as const),
  ...(['waitingBytesMax', 'unsettledEventsMax', 'closeWaitMs', 'onListenError'] as const),
];

/** Throws PermanentError `invalid` with the option's name. */
export function checkedBounds(options: UsageClientOptions): Bounds {
  knownKeys('createUsageClient', options, NAMES);
  const bound = (name: keyof Bounds, preset: number, min: number, max: number): number => {
    const value = options[name] ?? preset;
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw invalid(name, `${name} is ${String(value)}, but must be an integer from ${min} to ${max}.`);
  };
  return {
    batchEventsMax: bound('batchEventsMax', limits.BATCH_EVENTS, 1, limits.BATCH_EVENTS_MAX),
    batchBytesMax: bound('batchBytesMax', limits.BATCH_BYTES_MAX, limits.BATCH_BYTES_MIN, limits.BATCH_BYTES_MAX),
    batchWaitMs: bound('batchWaitMs', limits.BATCH_WAIT_MS, 0, limits.BATCH_WAIT_MS_MAX),
    waitingEventsMax: bound('waitingEventsMax', limits.WAITING_EVENTS_MAX, 1, limits.KEPT_EVENTS_MAX),
    waitingBytesMax: bound('waitingBytesMax', limits.WAITING_BYTES_MAX, limits.BATCH_BYTES_MIN, limits.KEPT_BYTES_MAX),
    unsettledEventsMax: bound('unsettledEventsMax', limits.UNSETTLED_EVENTS_MAX, 0, limits.KEPT_EVENTS_MAX),
    closeWaitMs: bound('closeWaitMs', limits.CLOSE_WAIT_MS, 0, limits.CLOSE_WAIT_MS_MAX),
  };
}

/** Throws PermanentError `invalid`. */
export function checkedPrefix({ prefix = partitionTag(0) }: UsageClientOptions): string {
  if (typeof prefix === 'string' && prefix !== '') return prefix;
  throw invalid('prefix', 'prefix is empty, but must be the hash tag of the partition, such as {flowly-0}.');
}

export function invalid(field: string, message: string): PermanentError {
  return new PermanentError('invalid', message, { field });
}

/**
 * The flusher of one partition: outbox → ClickHouse, each row exactly once.
 * Owns the order of things: lease, then the block that was left sealed, then block after block. While one block is sent
 * the next is read and encoded; it is sealed only when the one before it is trimmed, so one block is in flight at a time
 * and the marks stay true (marks.ts).
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Redis } from 'ioredis';
import { PermanentError } from '../../core/errors.ts';
import type { LedgerKeys } from '../../ledger/keys.ts';
import { readBacklog } from '../../ledger/outbox.ts';
import { LeaseLostError } from '../../ledger/scripts.ts';
import { sealDoor } from '../../ledger/seal.ts';
import { Lease } from '../lease.ts';
import { backoff, Stopping } from './backoff.ts';
import { type Block, makeBlock, sealedBlock } from './block.ts';
import { ChainHeads } from './chain-heads.ts';
import { collectEntries, readRange } from './collect.ts';
import { type Delivery, deliver, type FlushPoint } from './deliver.ts';
import { Hurry } from './hurry.ts';
import { BLOCKS_PER_PARTITION, FLUSH_LIMITS, type FlushLimits } from './limits.ts';
import type { FlushLog } from './log.ts';
import { assertNotAhead } from './start-check.ts';
import { flushStore } from './store.ts';

export type FlusherOptions = {
  readonly redis: Redis;
  /** For the lease alone; left out: `redis`. */
  readonly leaseRedis?: Redis;
  /** A client whose default database holds the tables. */
  readonly clickhouse: ClickHouseClient;
  readonly keys: LedgerKeys;
  readonly ledgerId: string;
  readonly partition: number;
  readonly log: FlushLog;
  readonly limits?: Partial<FlushLimits>;
  /** Told of each point passed, and waited for; what it throws ends the flusher at that point. For tests. */
  readonly signals?: (point: FlushPoint) => void | Promise<void>;
};

export interface Flusher {
  /** Starts; a second call changes nothing. */
  start(): void;
  /** Finishes the block that is being sent, as far as it goes without another attempt; gives the lease back. */
  stop(): Promise<void>;
  /** Resolves when everything that is in the outbox now is in ClickHouse and trimmed; rejects when it stops before. */
  flushed(): Promise<void>;
  /** The same without waiting for blocks to fill, for whoever is about to read what was committed. */
  flushNow(): Promise<void>;
  /** Resolves when it has stopped; rejects with the permanent error that ended it. */
  readonly done: Promise<void>;
}

/** A flusher; nothing happens before `start`. */
export function createFlusher(options: FlusherOptions): Flusher {
  const { redis, keys, log, partition } = options;
  const limits: FlushLimits = { ...FLUSH_LIMITS, ...options.limits };
  const door = sealDoor(redis, keys, options.ledgerId, options.leaseRedis);
  const store = flushStore(options.clickhouse);
  const stop = new AbortController();
  const { promise: done, resolve: ended, reject: failed } = Promise.withResolvers<void>();
  done.catch(() => undefined); // whoever needs to know awaits it
  const hurry = new Hurry();
  let started = false;

  async function passed(point: FlushPoint): Promise<void> {
    try {
      await options.signals?.(point);
    } catch (cause) {
      throw new PermanentError('flush-halted', `The flusher was halted at ${point}.`, { cause });
    }
  }

  /** Flushes as long as the lease is held. Whatever ends it also ends the collecting of a block ahead. */
  async function hold(lease: Lease, retry: Delivery['backoff']): Promise<void> {
    const over = new AbortController();
    try {
      await flush(lease, retry, AbortSignal.any([stop.signal, over.signal]));
    } finally {
      over.abort();
    }
  }

  async function flush(lease: Lease, retry: Delivery['backoff'], until: AbortSignal): Promise<void> {
    const delivery: Delivery = {
      ...{ store, door, ledgerId: options.ledgerId, partition, log, passed, backoff: retry },
      ...{ leaseToken: lease.token, assertHeld: lease.assertHeld, chainHeads: new ChainHeads(store) },
    };
    const left = await door.readSeal();
    if (left !== undefined) {
      log.warn(
        { event: 'flush-resumed', block: left.block },
        'a sealed block was found and is compared with ClickHouse',
      );
      const entries = await readRange(redis, keys, left.firstSequence, left.lastSequence);
      await deliver(delivery, sealedBlock(left, entries, partition), true);
    }
    let { block: before = partition * BLOCKS_PER_PARTITION, sequence } = await door.readFlushed();
    if (left === undefined) await assertNotAhead(store, before);
    let next = prepare(sequence + 1, before + 1, until);
    while (!until.aborted) {
      const block = await next;
      lease.assertHeld();
      await door.seal(lease.token, block.seal, before);
      await passed('sealed');
      before = block.seal.block;
      sequence = block.seal.lastSequence;
      next = prepare(sequence + 1, before + 1, until);
      await deliver(delivery, block, false);
      hurry.stir();
    }
  }

  /** Collects and encodes a block ahead of its turn. */
  function prepare(first: number, number: number, until: AbortSignal): Promise<Block> {
    const block = collectEntries(redis, keys, limits, first, until, hurry).then((e) => makeBlock(e, number, partition));
    block.catch(() => undefined); // awaited in its turn, which may not come
    return block;
  }

  async function run(): Promise<void> {
    const retry = backoff(limits, stop.signal, log);
    const lease = new Lease(door, limits);
    try {
      while (!stop.signal.aborted) {
        try {
          await lease.take(stop.signal);
          log.info({ event: 'flush-lease-taken', partition }, 'this process flushes the partition');
          await hold(lease, retry);
        } catch (error) {
          if (error instanceof LeaseLostError) log.warn({ event: 'flush-lease-lost', partition }, 'the lease was lost');
          else if (!stop.signal.aborted || error instanceof PermanentError) await retry.failed(error);
        }
      }
    } finally {
      await lease.release().catch((error: unknown) => {
        log.warn({ event: 'flush-lease-kept', err: error }, 'the lease could not be given back and will run out');
      });
    }
  }

  return {
    done,
    start() {
      if (started) return;
      started = true;
      run().then(ended, (error: unknown) => {
        if (error instanceof Stopping) return ended();
        log.error({ event: 'flush-stopped', err: error }, 'flushing cannot go on');
        failed(error);
      });
    },
    async stop() {
      stop.abort();
      if (!started) ended();
      await done.catch(() => undefined);
    },
    flushed,
    flushNow: () => hurry.during(flushed),
  };

  async function flushed(): Promise<void> {
    const { newestSequence } = await readBacklog(redis, keys);
    let isOver = false;
    done
      .finally(() => {
        isOver = true;
      })
      .catch(() => undefined);
    while ((await door.readFlushed()).sequence < newestSequence) {
      if (isOver) {
        await done;
        throw new PermanentError('flush-stopped', 'The flusher was stopped before everything was flushed.');
      }
      await hurry.sleep(limits.pollMs);
    }
  }
}

/**
 * Having in ClickHouse what Redis has: for commands that read the history of what they were just told of. Where no
 * service flushes, it is done here. Invariant: the wait is bounded, and how far the history reaches is always told.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { readBacklog } from '../ledger/outbox.ts';
import { createFlusher } from '../workers/flush/flusher.ts';
import type { System } from './system.ts';

/** Longer than a flusher that was killed takes to be replaced, and any block; a person waits no longer for an answer. */
const FLUSH_WAIT_MS_MAX = 15_000;
const FLUSH_LOOK_MS = 20;

/** What reading up to a sequence number needs: every `System` will do. */
export type Flushing = Pick<System, 'ledger' | 'clickhouse' | 'log' | 'connect'>;

/**
 * Waits until ClickHouse has everything up to `sequence`, for a bounded time. Resolves to the sequence up to which it
 * has everything, at most `sequence` itself.
 */
export async function flushedUpTo(system: Flushing, sequence: number): Promise<number> {
  let flushed = await readFlushed(system);
  if (flushed >= sequence) return sequence;
  const flushing = await flushWhatWaits(system);
  const deadline = performance.now() + FLUSH_WAIT_MS_MAX;
  try {
    while (flushed < sequence && performance.now() < deadline) {
      await Promise.race([delay(FLUSH_LOOK_MS), flushing.failed]);
      flushed = await readFlushed(system);
    }
  } finally {
    await flushing.stop();
  }
  return Math.min(flushed, sequence);
}

/** What the readers of an account's history need: every `System` has it, see `historyOf`. */
export type History = Pick<System, 'ledger' | 'reader'> & {
  /** As `flushedUpTo` below. */
  readonly flushedUpTo: (sequence: number) => Promise<number>;
};

export function historyOf(system: Flushing & Pick<System, 'reader'>): History {
  const { ledger, reader } = system;
  return { ledger, reader, flushedUpTo: (sequence) => flushedUpTo(system, sequence) };
}

/** The sentence for people where `flushedUpTo` fell short of what was asked for; undefined where it did not. */
export function shortfall(complete: number, sequence: number): string | undefined {
  if (complete >= sequence) return undefined;
  return (
    `ClickHouse has the history up to sequence ${complete} only, and this reaches up to ${sequence}: ` +
    'what follows is complete up to the former.'
  );
}

/** Somebody flushes until `stop`; `failed` rejects when a flusher that was started here cannot go on. */
export interface RunningFlush {
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** A flusher beside the service's own waits for its lease, so it can be started without asking whether there is one. */
export async function flushWhatWaits({ ledger, clickhouse, log, connect }: Flushing): Promise<RunningFlush> {
  const never = new Promise<never>(() => undefined);
  if ((await readBacklog(ledger.redis, ledger.keys)).entries === 0) {
    return { failed: never, stop: async () => undefined };
  }
  const redis = await connect({ name: 'flusher', patient: false });
  const flusher = createFlusher({ redis, clickhouse, keys: ledger.keys, ledgerId: ledger.ledgerId, partition: 0, log });
  flusher.start();
  const failed = flusher.done.then(() => never);
  failed.catch(() => undefined); // whoever waits for the flush hears of it
  return { failed, stop: () => flusher.stop() };
}

async function readFlushed({ ledger }: Flushing): Promise<number> {
  return Number((await ledger.redis.hget(ledger.keys.meta, 'flushed')) ?? 0);
}

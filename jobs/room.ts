/**
 * Whether Redis has room for what the jobs decide, and the wait for it: resets of a million accounts at once are written
 * no faster than they leave for ClickHouse. Platform events are not waited for: perhaps nobody ever takes them, and their
 * relay drops what is too much. Invariant: every wait has a bound and ends when the job is stopped.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { LedgerContext } from '../ledger/context.ts';
import { MEMORY_SHARE_MAX } from '../workers/usage/room.ts';

/** What may wait for ClickHouse before jobs do: as much as usage may leave there, some 800,000 resets. */
export const OUTBOX_BYTES_MAX = 512 * 1024 * 1024;
/** How long one wait may last: ClickHouse takes a full outbox in half of it. After that the next run goes on. */
export const ROOM_WAIT_MS_MAX = 300_000;
/** How often Redis is asked: a flusher takes 10 MB in this time. */
const LOOK_MS = 250;
/** Parts of the stream that Redis weighs to tell its size. */
const SAMPLES = 5;

export interface RoomOptions {
  readonly signal: AbortSignal;
  readonly outboxBytesMax?: number;
  readonly waitMsMax?: number;
}

/** Resolves to true as soon as there is room, to false when there was none for as long as the wait may last. */
export async function untilRoom(context: LedgerContext, options: RoomOptions): Promise<boolean> {
  const { signal, outboxBytesMax = OUTBOX_BYTES_MAX, waitMsMax = ROOM_WAIT_MS_MAX } = options;
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    signal.throwIfAborted();
    if (await hasRoom(context, outboxBytesMax)) return true;
    if (waitedMs >= waitMsMax) return false;
    await delay(LOOK_MS, undefined, { signal });
  }
}

async function hasRoom({ redis, keys }: LedgerContext, outboxBytesMax: number): Promise<boolean> {
  const [info, rows] = await Promise.all([
    redis.info('memory'),
    redis.memory('USAGE', keys.outboxRows, 'SAMPLES', SAMPLES),
  ]);
  const number = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  const max = number('maxmemory');
  const isMemoryFree = max === 0 || number('used_memory') <= max * MEMORY_SHARE_MAX;
  return isMemoryFree && (rows ?? 0) <= outboxBytesMax;
}

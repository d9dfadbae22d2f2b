/** Waiting for the history: until the flusher has brought everything up to a sequence number into ClickHouse. */
import { setTimeout as delay } from 'node:timers/promises';
import { TransientError } from '../core/errors.ts';
import type { LedgerContext } from './context.ts';

const FLUSH_LOOK_MS = 50;

/** Throws TransientError `not-flushed` when it takes longer than `waitMsMax`, and the reason of `signal` when it aborts. */
export async function untilFlushed(
  { redis, keys }: Pick<LedgerContext, 'redis' | 'keys'>,
  sequence: number,
  { waitMsMax, signal }: { readonly waitMsMax: number; readonly signal: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  for (;;) {
    signal.throwIfAborted();
    const flushed = Number((await redis.hget(keys.meta, 'flushed')) ?? 0);
    if (flushed >= sequence) return;
    if (performance.now() > deadline) {
      throw new TransientError(
        'not-flushed',
        `ClickHouse has the history up to sequence ${flushed}, and did not get it up to ${sequence} within ${waitMsMax / 1000} s.`,
      );
    }
    await delay(FLUSH_LOOK_MS, undefined, { signal });
  }
}

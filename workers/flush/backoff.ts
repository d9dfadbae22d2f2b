/**
 * Waiting after a failure: longer each time, with jitter, for ever, until it works or the flusher stops.
 * Tells the log when the state changes and not at every attempt. A permanent error and a lost lease are not waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { PermanentError } from '../../core/errors.ts';
import { LeaseLostError } from '../../ledger/scripts.ts';
import type { FlushLimits } from './limits.ts';
import type { FlushLog } from './log.ts';

/** The flusher is stopping: neither an error nor worth a line. */
export class Stopping extends Error {}

export interface Backoff {
  /** Waits before another attempt. Throws the error itself when no attempt can help, Stopping when there is none. */
  failed(error: unknown): Promise<void>;
  worked(): void;
}

export function backoff(limits: FlushLimits, stopping: AbortSignal, log: FlushLog): Backoff {
  let attempts = 0;
  return {
    async failed(error) {
      if (error instanceof PermanentError || error instanceof LeaseLostError || error instanceof Stopping) throw error;
      if (attempts === 0)
        log.warn({ event: 'flush-failing', err: error }, 'flushing failed and is tried again; nothing is trimmed');
      if (stopping.aborted) throw new Stopping();
      await sleep(backoffMs(limits, attempts), undefined, { signal: stopping }).catch(() => {
        throw new Stopping();
      });
      attempts += 1;
    },
    worked() {
      if (attempts > 0) log.info({ event: 'flush-recovered', attempts }, 'flushing works again');
      attempts = 0;
    },
  };
}

/** Doubles up to the last; a random half of it, so that many flushers do not come back at once. */
function backoffMs({ backoffFirstMs, backoffLastMs }: FlushLimits, attempts: number): number {
  const longest = Math.min(backoffLastMs, backoffFirstMs * 2 ** Math.min(attempts, 30));
  return longest * (0.5 + Math.random() / 2);
}

/**
 * Turns at the mail server: so many deliveries at once, and so many begun a second, evenly spaced.
 * nodemailer's own rate limit lets each of its connections begin one more in every second, so it is not used.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface Turns {
  /** Waits for a turn; call what it resolves to when the delivery is over. Rejects when the signal aborts first. */
  take(signal: AbortSignal): Promise<() => void>;
}

/** Where time comes from; tests bring their own. */
export interface Time {
  nowMs(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const systemTime: Time = {
  nowMs: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, { signal }),
};

export function createTurns(atOnceMax: number, perSecond: number, time: Time = systemTime): Turns {
  const spacingMs = 1_000 / perSecond;
  const waiting = new Set<() => void>();
  let busy = 0;
  let nextMs = Number.NEGATIVE_INFINITY;

  const release = (): void => {
    busy -= 1;
    const [first] = waiting;
    first?.();
  };
  const enter = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const begin = (): void => {
        waiting.delete(begin);
        signal.removeEventListener('abort', leave);
        busy += 1;
        resolve();
      };
      const leave = (): void => {
        waiting.delete(begin);
        reject(signal.reason);
      };
      if (signal.aborted) return leave();
      if (busy < atOnceMax) return begin();
      waiting.add(begin);
      signal.addEventListener('abort', leave, { once: true });
    });

  return {
    async take(signal) {
      await enter(signal);
      try {
        const nowMs = time.nowMs();
        const startMs = Math.max(nowMs, nextMs);
        nextMs = startMs + spacingMs;
        if (startMs > nowMs) await time.sleep(startMs - nowMs, signal);
      } catch (error) {
        release();
        throw error;
      }
      return release;
    },
  };
}

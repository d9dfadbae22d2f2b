/**
 * Sleeping between two looks at an outbox, so that a commit can cut it short. A stir during a look is not lost: the next
 * sleep ends at once.
 */
import { setTimeout as delay } from 'node:timers/promises';

export class Stirring {
  private stirred = false;
  private wake: () => void = () => undefined;

  /** There may be something to do. */
  stir(): void {
    this.stirred = true;
    this.wake();
  }

  /** Sleeps until stirred, at least `minMs` and at most `maxMs`. Rejects when `until` aborts. */
  async sleep(minMs: number, maxMs: number, until: AbortSignal): Promise<void> {
    if (minMs > 0) await delay(minMs, undefined, { signal: until });
    until.throwIfAborted();
    if (!this.stirred && maxMs > minMs) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          until.removeEventListener('abort', wake);
          resolve();
        };
        const timer = setTimeout(wake, maxMs - minMs);
        this.wake = wake;
        until.addEventListener('abort', wake);
      });
    }
    this.stirred = false;
    until.throwIfAborted();
  }
}

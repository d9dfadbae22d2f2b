/**
 * Somebody waits for the outbox to be empty: while that is so, a block that is being collected closes with what it has.
 * Owns the waiting of the flusher between two looks, so that it can be cut short, and the news of each trimmed block.
 */

export class Hurry {
  private waiters = 0;
  private readonly sleepers = new Set<() => void>();

  /** Whether anybody waits. */
  get isOn(): boolean {
    return this.waiters > 0;
  }

  /** Runs `work` while in a hurry. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.waiters += 1;
    this.stir();
    try {
      return await work();
    } finally {
      this.waiters -= 1;
    }
  }

  /** Cuts every sleep short: there is a new waiter, or a block was trimmed. */
  stir(): void {
    for (const wake of this.sleepers) wake();
  }

  /** Sleeps until `stir`, at most `ms`. Rejects when `stopping` aborts. */
  async sleep(ms: number, stopping?: AbortSignal): Promise<void> {
    stopping?.throwIfAborted();
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.sleepers.delete(wake);
        stopping?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.sleepers.add(wake);
      stopping?.addEventListener('abort', wake);
    });
    stopping?.throwIfAborted();
  }
}

/** So many at a time, the others in the order they came. */
export class Slots {
  private free: number;
  private readonly waiting = new Set<() => void>();

  constructor(atOnceMax: number) {
    this.free = atOnceMax;
  }

  /** Resolves to what gives the slot back; to undefined when `until` aborts before there is one. */
  async take(until: AbortSignal): Promise<(() => void) | undefined> {
    while (this.free === 0 && !until.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.waiting.delete(wake);
          until.removeEventListener('abort', wake);
          resolve();
        };
        this.waiting.add(wake);
        until.addEventListener('abort', wake);
      });
    }
    if (until.aborted) return undefined;
    this.free -= 1;
    return () => {
      this.free += 1;
      const [first] = this.waiting;
      first?.();
    };
  }
}

/**
 * The lease on one outbox of a partition: at most one reader at a time, replaced a few seconds after a kill -9.
 * Redis decides; this side only knows until when it may believe so: from the start of the last renewal that worked, by
 * a clock that does not jump. A process that slept through it has to ask again before it sends anything.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LeaseDoor } from '../ledger/lease-door.ts';
import { LeaseLostError } from '../ledger/scripts.ts';

export interface LeaseLimits {
  /** How long a lease lives without being renewed, how often it is renewed, how often another's lease is tried. */
  readonly leaseMs: number;
  readonly leaseRenewMs: number;
  readonly leaseRetryMs: number;
}

export class Lease {
  readonly token = randomUUID();
  readonly #door: LeaseDoor;
  readonly #limits: LeaseLimits;
  #heldUntilMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(door: LeaseDoor, limits: LeaseLimits) {
    this.#door = door;
    this.#limits = limits;
  }

  /** Resolves once the lease is held and being renewed. Rejects when `stopping` aborts, or with Redis's error. */
  async take(stopping: AbortSignal): Promise<void> {
    clearInterval(this.#timer);
    while (!(await this.#ask(() => this.#door.takeLease(this.token, this.#limits.leaseMs)))) {
      await sleep(this.#limits.leaseRetryMs, undefined, { signal: stopping });
    }
    this.#timer = setInterval(() => {
      // A renewal without an answer is no news yet: the lease runs out by itself, and everything asks `assertHeld`.
      this.#keep().catch(() => undefined);
    }, this.#limits.leaseRenewMs);
  }

  /** Throws LeaseLostError unless the lease has been held without a gap since it was taken. */
  readonly assertHeld = (): void => {
    if (performance.now() < this.#heldUntilMs) return;
    this.#lose();
    throw new LeaseLostError('lease-lost', 'The lease on this partition was not renewed in time.');
  };

  /** Stops renewing and gives the lease back. */
  async release(): Promise<void> {
    this.#lose();
    await this.#door.release(this.token);
  }

  /** What ran out is not renewed: another process may have had the partition since, so all has to be read anew. */
  async #keep(): Promise<void> {
    if (performance.now() >= this.#heldUntilMs) return this.#lose();
    if (!(await this.#ask(() => this.#door.keepLease(this.token, this.#limits.leaseMs)))) this.#lose();
  }

  async #ask(call: () => Promise<boolean>): Promise<boolean> {
    const askedMs = performance.now();
    const held = await call();
    if (held) this.#heldUntilMs = askedMs + this.#limits.leaseMs;
    return held;
  }

  #lose(): void {
    clearInterval(this.#timer);
    this.#heldUntilMs = 0;
  }
}

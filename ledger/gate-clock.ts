/**
 * What a gate knows of the ledger's clock without asking: what Redis told last, and the time that went by here since.
 * It is only used to be sure that a boundary is not near, so it need not be exact. It knows nothing of a simulated clock,
 * nor after a pause of this machine, nor for long.
 */

/** How long what was told is gone by: one check in ten seconds asks anew. */
const TRUST_MS = 10_000;
/** How far the clock here may be off. Nearer than this to a boundary Redis is asked with its own clock. */
const NEAR_MS = 60_000;
/** This machine's two clocks differ by more than this only when it slept or its time was set. */
const JUMP_MS = 1_000;
/** Accounts whose next boundary is kept: some 100 bytes each. */
const BOUNDARIES_MAX = 20_000;

export class GateClock {
  private told = Number.NaN;
  private steadyMs = 0;
  private wallMs = 0;
  private readonly boundaries = new Map<string, number>();

  /** Notes an answer of the script: Redis's clock (−1: simulated), and until when the account's state is enough. */
  learn(accountId: string, clock: number, until: number): void {
    this.told = clock < 0 ? Number.NaN : clock;
    this.steadyMs = performance.now();
    this.wallMs = Date.now();
    this.boundaries.delete(accountId);
    if (until <= 0) return;
    if (this.boundaries.size >= BOUNDARIES_MAX) this.boundaries.delete(this.boundaries.keys().next().value!);
    this.boundaries.set(accountId, until);
  }

  /** Whether the account's state in Redis can be expected to be enough, so that it is worth reading alone. */
  expects(accountId: string): boolean {
    const until = this.boundaries.get(accountId);
    return until !== undefined && this.isBefore(until);
  }

  /** Whether an instant (ms) is surely still to come by the ledger's clock. */
  isBefore(instant: number): boolean {
    const passed = performance.now() - this.steadyMs;
    // While the clock is not known, `told` is NaN, which is never below anything.
    const isSound = passed <= TRUST_MS && Math.abs(Date.now() - this.wallMs - passed) <= JUMP_MS;
    return isSound && this.told + passed + NEAR_MS < instant;
  }
}

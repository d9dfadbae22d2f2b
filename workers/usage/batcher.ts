/**
 * Collects the events of many jobs into groups for one commit each: closed by size, or a moment after the first event.
 * Owns the order of taking, the number of commits under way, and the pause while the outbox is full.
 */
import { COMMIT_EVENTS_MAX } from '../../ledger/commit-events.ts';
import type { UsageItem } from './item.ts';

/** How long a lone event waits for company: less than a commit takes, so a busy worker never waits at all. */
export const GROUP_WAIT_MS = 2;
/** Commits under way at once: Redis makes those that wait together durable with one sync, and the worker never idles. */
export const COMMITS_IN_FLIGHT_MAX = 6;

export interface BatcherOptions {
  readonly commit: (items: readonly UsageItem[]) => Promise<void>;
  /** Called once when a group cannot be committed at all; the worker has to stop. */
  readonly onHalt: (error: unknown) => void;
  readonly groupMax?: number;
  /** Left out: COMMITS_IN_FLIGHT_MAX. */
  readonly inFlightMax?: number;
  /** Left out: GROUP_WAIT_MS. 0: nothing waits, whoever sends has grouped by itself. */
  readonly groupWaitMs?: number;
}

export class Batcher {
  private readonly options: BatcherOptions;
  private readonly groupMax: number;
  private readonly inFlightMax: number;
  private readonly groupWaitMs: number;
  private waiting: UsageItem[] = [];
  private taken = 0;
  private inFlight = 0;
  private timer: NodeJS.Timeout | undefined;
  private paused = false;
  private halted = false;

  constructor(options: BatcherOptions) {
    this.options = options;
    this.groupMax = options.groupMax ?? COMMIT_EVENTS_MAX;
    this.inFlightMax = options.inFlightMax ?? COMMITS_IN_FLIGHT_MAX;
    this.groupWaitMs = options.groupWaitMs ?? GROUP_WAIT_MS;
  }

  /** Takes events; each is settled through its own `settle`. */
  add(items: readonly UsageItem[]): void {
    for (const item of items) this.waiting.push(item);
    this.pump(this.groupWaitMs === 0);
  }

  /** Holds back new commits (the outbox is full) or lets them go on. */
  setPaused(paused: boolean): void {
    this.paused = paused;
    if (!paused) this.pump(true);
  }

  private get size(): number {
    return this.waiting.length - this.taken;
  }

  private pump(ripe: boolean): void {
    while (!this.paused && !this.halted && this.inFlight < this.inFlightMax && this.size > 0) {
      // A part of a group goes when it waited its moment, or when nothing else is under way to wait for.
      if (this.size < this.groupMax && !ripe) break;
      this.launch(this.take());
    }
    if (this.size > 0 && this.timer === undefined && !this.paused && !this.halted) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.pump(true);
      }, this.groupWaitMs);
    }
  }

  private take(): UsageItem[] {
    const group = this.waiting.slice(this.taken, this.taken + this.groupMax);
    this.taken += group.length;
    // The front is cut off in strides, so that taking from a long queue stays cheap.
    if (this.taken === this.waiting.length || this.taken > STRIDE) {
      this.waiting = this.waiting.slice(this.taken);
      this.taken = 0;
    }
    return group;
  }

  private launch(group: readonly UsageItem[]): void {
    this.inFlight += 1;
    this.options
      .commit(group)
      .catch((error: unknown) => {
        if (this.halted) return; // those under way beside it fail for the same reason
        this.halted = true;
        this.options.onHalt(error);
      })
      .finally(() => {
        this.inFlight -= 1;
        this.pump(false);
      });
  }
}

const STRIDE = 16_384;

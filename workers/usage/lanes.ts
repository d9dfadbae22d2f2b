/**
 * Lanes of commits, each with a batcher of its own. An account always takes the same lane: its events keep their order,
 * and a group has events of fewer accounts, each of which is read and written once a group.
 * All lanes share one connection: over more of them Redis would run several commits in a row, and the queue and the
 * gates would wait for all of them.
 */
import { Batcher } from './batcher.ts';
import type { UsageItem } from './item.ts';

export interface LanesOptions {
  readonly commit: (items: readonly UsageItem[]) => Promise<void>;
  /** Called when a group cannot be committed at all; the worker has to stop. */
  readonly onHalt: (error: unknown) => void;
  /** As of the batchers. */
  readonly groupWaitMs?: number;
  /** Left out: LANES. */
  readonly lanes?: number;
}

/** Few enough that a hundred single-event jobs still make groups, enough that an account's part in a group is small. */
export const LANES = 4;
/** Commits under way in one lane: one that Redis works on, and one that is being made and sent. */
const IN_FLIGHT_MAX = 2;

export class Lanes {
  private readonly batchers: readonly Batcher[];

  constructor({ lanes = LANES, ...options }: LanesOptions) {
    this.batchers = Array.from({ length: lanes }, () => new Batcher({ ...options, inFlightMax: IN_FLIGHT_MAX }));
  }

  /** Takes events; each is settled through its own `settle`. */
  add(items: readonly UsageItem[]): void {
    const lanes = this.batchers.map((): UsageItem[] => []);
    for (const item of items) lanes[laneOf(accountOf(item), lanes.length)]!.push(item);
    for (const [i, own] of lanes.entries()) if (own.length > 0) this.batchers[i]!.add(own);
  }

  /** Holds back new commits (the outbox is full) or lets them go on. */
  setPaused(paused: boolean): void {
    for (const batcher of this.batchers) batcher.setPaused(paused);
  }
}

const accountOf = ({ event, dead }: UsageItem): string => event?.accountId ?? dead?.accountId ?? '';

/** The lane of an account among `lanes`, from 0. */
export function laneOf(accountId: string, lanes: number): number {
  let hash = 0;
  for (let i = 0; i < accountId.length; i += 1) hash = (Math.imul(hash, 31) + accountId.charCodeAt(i)) | 0;
  return (hash >>> 0) % lanes;
}

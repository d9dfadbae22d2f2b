/**
 * One job on its way: its events, snapshots of what the producer recorded, and the promises of each. Its id is minted
 * once, so a job that is added again while the first one is still there adds nothing.
 */
import { randomUUID } from 'node:crypto';
import type { UsageEvent } from '../core/types.ts';
import type { EventOutcome } from './outcome.ts';

export interface PendingEvent {
  /** The event in the contract's shape. */
  readonly wire: object;
  /** Of its JSON, with the comma behind it. */
  readonly bytes: number;
  readonly queued: PromiseWithResolvers<void>;
  readonly settled: PromiseWithResolvers<EventOutcome>;
}

export interface UsageJob {
  readonly id: string;
  readonly events: readonly PendingEvent[];
  readonly bytes: number;
}

/** Bytes of `{"events":[]}`. */
export const JOB_FRAME_BYTES = 13;

export function pendingEvent(event: UsageEvent): PendingEvent {
  const wire = { ...event, attributes: Object.fromEntries(event.attributes) };
  const queued = Promise.withResolvers<void>();
  const settled = Promise.withResolvers<EventOutcome>();
  // A producer may ignore either; flush and close tell of what could not be queued. It must not end its process.
  queued.promise.catch(() => undefined);
  settled.promise.catch(() => undefined);
  return { wire, bytes: Buffer.byteLength(JSON.stringify(wire)) + 1, queued, settled };
}

export function usageJob(events: readonly PendingEvent[], bytes: number): UsageJob {
  return { id: randomUUID(), events, bytes };
}

/** Neither queued nor settled, for this reason. */
export function refuseJob({ events }: UsageJob, reason: Error): void {
  for (const { queued, settled } of events) {
    queued.reject(reason);
    settled.reject(reason);
  }
}

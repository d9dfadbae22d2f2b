/**
 * The producer client: records usage events, sends them to the queue `usage` in jobs, tells when Redis has them and what
 * became of each. Owns the life of its parts; no state outside of one client.
 * Invariant: an event that was recorded is queued once, or its `queued` says why not, and memory stays within bounds.
 */
import { Queue } from 'bullmq';
import { PermanentError, TransientError } from '../core/errors.ts';
import { parseUsageEvent } from '../schema/event.ts';
import { Batch } from './batch.ts';
import { Budget } from './budget.ts';
import { openConnection } from './connection.ts';
import { pendingEvent, refuseJob, type UsageJob } from './job.ts';
import { checkedBounds, checkedPrefix, type UsageClientOptions } from './options.ts';
import type { EventOutcome } from './outcome.ts';
import { Outcomes } from './outcomes.ts';
import { Sender } from './sender.ts';

/** Name of the queue (contract, "Usage event"). */
export const USAGE_QUEUE_NAME = 'usage';

/** One model call. */
export interface UsageEventInput {
  /** Minted once by the caller, before the first send; every retry records the same id and the same body. */
  readonly id: string;
  readonly accountId: string;
  readonly serverId: string;
  /** A name or alias of the price book. */
  readonly model: string;
  /** When the call happened: ISO 8601 with an offset, or epoch milliseconds. */
  readonly occurredAt: string | number;
  /** Disjoint pools; one that is left out is 0. */
  readonly tokens: {
    readonly input?: number | undefined;
    readonly output?: number | undefined;
    readonly cacheRead?: number | undefined;
    readonly cacheWrite?: number | undefined;
  };
  /** `byok`: the user's own provider key; costs nothing. Left out: `platform`. */
  readonly keySource?: 'platform' | 'byok' | undefined;
  /** Up to 16 pairs, kept with the raw row. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** Both may be ignored: a rejection of either never ends the process by itself. */
export interface RecordedEvent {
  /**
   * Resolves when Redis has the event, as durable as that Redis makes a write. Rejects when it will not have it:
   * TransientError `redis-full` or `redis-refuses-writes` after some tries, PermanentError `redis-refused` (login,
   * permissions), TransientError `client-closed`. Recording the same event again is safe after each of them.
   */
  readonly queued: Promise<void>;
  /**
   * Resolves to what became of the event when its job has told it; that needs a service that runs, however long it
   * takes. An event whose completion was missed is sent again, and is then told as `duplicate` if it had been charged.
   * Rejects as `queued` does, and for an event that is queued: TransientError `outcome-not-awaited` (as many are awaited
   * as may be), `outcome-unknown` (its job vanished time and again), `client-closed` (closed before it was told);
   * PermanentError `result-unreadable`. The event itself is charged all the same.
   */
  readonly settled: Promise<EventOutcome>;
}

export interface UsageClient {
  /**
   * Checks and takes one event; it is a copy from then on. Throws PermanentError `invalid` with the `field` that is
   * wrong, PermanentError `client-closed`, and TransientError `client-full` while as much waits for Redis as may.
   */
  record(event: UsageEventInput): RecordedEvent;
  /**
   * Sends what is being collected and resolves when everything recorded so far is queued. Rejects with TransientError
   * `events-not-queued` when events recorded since the last flush were refused; each one's `queued` says why.
   */
  flush(): Promise<void>;
  /**
   * Flushes, for `closeWaitMs` at most, then lets go of Redis; a read that was cut off keeps the process for two seconds
   * at most.
   * Outcomes not told by then are not waited for. Rejects as `flush` does. Safe to call twice.
   */
  close(): Promise<void>;
}

/** Opens a client. It connects at once and needs a `close()`. Throws PermanentError `invalid` with the option's name. */
export function createUsageClient(options: UsageClientOptions): UsageClient {
  const bounds = checkedBounds(options);
  const prefix = checkedPrefix(options);
  const aborter = new AbortController();
  const { signal } = aborter;
  const connection = openConnection(options);
  const { redis } = connection;
  // A producer decides nothing for the queue (its meta), and the service looks after Redis's version and settings.
  const settings = { connection: redis, prefix, skipVersionCheck: true, skipMetasUpdate: true };
  const queue = new Queue(USAGE_QUEUE_NAME, settings);
  queue.on('error', () => undefined); // every command's own failure reaches the sender
  const outcomes: Outcomes = new Outcomes({
    ...{ queue, redis, unsettledEventsMax: bounds.unsettledEventsMax },
    resend: (job) => sender.send(job),
    onError: (error) => options.onListenError?.(error),
  });
  const sender = new Sender({ queue, connection, listening: () => outcomes.listening(), signal });
  const room = new Budget(bounds.waitingEventsMax, bounds.waitingBytesMax);
  const open = new Set<Promise<void>>();
  let refused: { readonly events: number; readonly reason: Error } | undefined;

  const send = async (job: UsageJob): Promise<void> => {
    outcomes.await(job);
    try {
      await sender.send(job);
      outcomes.queued(job);
      for (const { queued } of job.events) queued.resolve();
    } catch (error) {
      const reason = error as Error;
      refused = { events: (refused?.events ?? 0) + job.events.length, reason };
      refuseJob(job, reason);
      outcomes.giveUp(job, reason);
    } finally {
      for (const { bytes } of job.events) room.give(1, bytes);
    }
  };
  const batch = new Batch(bounds, (job) => {
    const sent: Promise<void> = send(job).finally(() => open.delete(sent));
    open.add(sent);
  });
  const flush = async (): Promise<void> => {
    batch.close();
    await Promise.all(open);
    if (refused === undefined) return;
    const { events, reason } = refused;
    refused = undefined;
    throw new TransientError('events-not-queued', `${events} events were not queued: ${reason.message}`, {
      cause: reason,
    });
  };
  const closeAll = async (): Promise<void> => {
    const timer = setTimeout(
      () => aborter.abort(closedError('Redis was away until it was closed')),
      bounds.closeWaitMs,
    );
    try {
      await flush();
    } finally {
      clearTimeout(timer);
      aborter.abort(closedError('it was closed'));
      await outcomes.close(closedError('it was closed before the job told the outcome; the event is queued'));
      await queue.close();
      connection.end();
    }
  };
  let closing: Promise<void> | undefined;
  return {
    record(event) {
      if (closing !== undefined)
        throw new PermanentError('client-closed', 'This usage client is closed: it records nothing any more.');
      const parsed = parseUsageEvent(event);
      if (!parsed.ok) throw new PermanentError('invalid', parsed.reason, { field: parsed.field });
      const pending = pendingEvent(parsed.event);
      if (!room.take(1, pending.bytes)) throw fullError(room, bounds);
      batch.add(pending);
      return { queued: pending.queued.promise, settled: pending.settled.promise };
    },
    flush,
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

function closedError(why: string): TransientError {
  return new TransientError('client-closed', `The usage client is closed: ${why}. Recording the event again is safe.`);
}

function fullError(
  { taken }: Budget,
  { waitingEventsMax, waitingBytesMax }: { readonly waitingEventsMax: number; readonly waitingBytesMax: number },
): TransientError {
  return new TransientError(
    'client-full',
    `${taken.events} events of ${taken.bytes} bytes wait for Redis, and no more than ${waitingEventsMax} events or ` +
      `${waitingBytesMax} bytes may: Redis is away or slow. Record this event again later, with the same id.`,
  );
}

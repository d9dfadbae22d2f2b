/**
 * The service: all workers of one partition in one process, their start, their graceful stop, their forced one.
 * Invariant: stop() drops nothing that was taken; force() drops nothing either, it only leaves it to the next start.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { systemClock } from '../core/clock.ts';
import type { PriceBook } from '../core/price.ts';
import { checkFence, type LedgerContext } from '../ledger/context.ts';
import { FenceError } from '../ledger/scripts.ts';
import { startAccountsWorker } from './accounts/worker.ts';
import type { WorkerEnvironment } from './environment.ts';
import { createFlusher } from './flush/flusher.ts';
import { startMaintenance } from './maintenance.ts';
import { createNotifier, type NotifierOptions } from './notify/notifier.ts';
import type { MailSending } from './notify/send-mail.ts';
import { ACCOUNTS_QUEUE, logQueueErrors, openQueue, PLATFORM_EVENTS_QUEUE, USAGE_QUEUE } from './queues.ts';
import { startUsageWorker } from './usage/worker.ts';

export interface ServiceOptions {
  readonly context: LedgerContext;
  /** For BullMQ; the ledger has its own connection, the flusher too. */
  readonly queueConnection: Redis;
  readonly flushConnection: Redis;
  /** For the flusher's lease alone; left out: `flushConnection`. */
  readonly leaseConnection?: Redis;
  readonly clickhouse: ClickHouseClient;
  readonly book: PriceBook;
  readonly log: Logger;
  readonly acceptDays: number;
  readonly usageConcurrency: number;
  readonly flushIntervalMs?: number;
  /** Rows that may wait for ClickHouse before taking usage pauses. */
  readonly outboxRowsMax?: number;
  /** Left out: neither owners nor the platform are told anything by this service. */
  readonly notify?: {
    /** How mails leave; undefined: they are switched off. */
    readonly sending: MailSending | undefined;
    readonly resendsUnknown: boolean;
  } & Pick<NotifierOptions, 'limits' | 'signals'>;
}

export interface Service {
  /** Finishes what was taken, then lets go. Safe to call twice. */
  stop(): Promise<void>;
  /** Lets go at once; what was taken is taken again by the next start. */
  force(): void;
  /** Resolves with the reason when the service has to stop by itself. */
  readonly halted: Promise<unknown>;
}

/** After force() nothing is waited for longer than this: enough for the flusher to give its lease back. */
const FORCED_STOP_MS = 500;

/** Jobs of the queue `usage` worked on at once; see UsageWorkerOptions. */
export const USAGE_CONCURRENCY_DEFAULT = 100;

export async function startService(options: ServiceOptions): Promise<Service> {
  const { context, log, queueConnection: connection } = options;
  const aborter = new AbortController();
  let haltedWith: (error: unknown) => void = () => undefined;
  const halted = new Promise<unknown>((resolve) => {
    haltedWith = resolve;
  });
  const environment: WorkerEnvironment = {
    connection,
    log,
    clock: systemClock,
    signal: aborter.signal,
    onCommitted: () => notifying.stir(),
    halt: (error) => {
      if (aborter.signal.aborted) return;
      aborter.abort();
      haltedWith(error);
    },
  };
  // A Redis that comes back may be another one, or older: asked at once, not only by the next commit.
  const askFence = (): void => {
    checkFence(context).catch((error: unknown) => {
      if (error instanceof FenceError) environment.halt(error);
      else log.warn({ event: 'fence-unknown' }, 'Redis went away before it was checked; it is checked when it is back');
    });
  };
  context.redis.on('ready', askFence);
  const queues = [USAGE_QUEUE, ACCOUNTS_QUEUE].map((name) => openQueue(name, connection, context.keys.tag));
  for (const queue of queues) logQueueErrors(queue, queue.name, log);
  const flusher = createFlusher({
    redis: options.flushConnection,
    ...(options.leaseConnection === undefined ? {} : { leaseRedis: options.leaseConnection }),
    clickhouse: options.clickhouse,
    keys: context.keys,
    ledgerId: context.ledgerId,
    partition: 0,
    log,
    ...(options.flushIntervalMs === undefined ? {} : { limits: { flushIntervalMs: options.flushIntervalMs } }),
  });
  flusher.done.catch(environment.halt);
  flusher.start();
  const notifying = startNotifying(options, environment);
  const usage = startUsageWorker({
    context,
    book: options.book,
    acceptDays: options.acceptDays,
    environment,
    concurrency: options.usageConcurrency,
    ...(options.outboxRowsMax === undefined ? {} : { outboxRowsMax: options.outboxRowsMax }),
  });
  const accounts = await startAccountsWorker({
    ...{ commit: usage.commitOptions, clickhouse: options.clickhouse, flusher, queue: queues[1]!, environment },
  });
  const maintenance = startMaintenance({ queues, commit: usage.commitOptions, book: options.book, environment });
  let stopping: Promise<void> | undefined;
  const forced = new Promise<void>((resolve) => {
    aborter.signal.addEventListener('abort', () => setTimeout(resolve, FORCED_STOP_MS));
  });
  const orForced = (closing: Promise<void>): Promise<void> => Promise.race([closing, forced]);
  const stop = async (): Promise<void> => {
    await Promise.all([orForced(maintenance.close()), usage.close(), accounts.close()]);
    // Before the flusher: what became of its last mails is flushed too.
    await orForced(notifying.close());
    await orForced(flusher.stop());
    await Promise.all(queues.map((queue) => queue.close()));
    context.redis.off('ready', askFence);
  };
  return {
    halted,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
    force: () => aborter.abort(),
  };
}

/** What tells owners and the platform, on a queue of its own that nobody here takes jobs from. */
function startNotifying(
  { context, notify, log, clickhouse, book, queueConnection, leaseConnection }: ServiceOptions,
  { signal, halt }: WorkerEnvironment,
): { readonly stir: () => void; readonly close: () => Promise<void> } {
  if (notify === undefined) return { stir: () => undefined, close: async () => undefined };
  const queue = openQueue(PLATFORM_EVENTS_QUEUE, queueConnection, context.keys.tag);
  logQueueErrors(queue, PLATFORM_EVENTS_QUEUE, log);
  const notifier = createNotifier({
    ...{ context, clickhouse, book, queue, log, ...notify },
    ...(leaseConnection === undefined ? {} : { leaseRedis: leaseConnection }),
  });
  notifier.done.catch(halt);
  signal.addEventListener('abort', notifier.force);
  notifier.start();
  return {
    stir: notifier.stir,
    close: async () => {
      await notifier.stop();
      await queue.close();
    },
  };
}

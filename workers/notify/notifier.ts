/**
 * The notifier of one partition: what commits decided to tell, by mail and to the platform. Owns the order of things: the
 * lease, then what a dead notifier left, then mails and platform events side by side until the lease is lost.
 * Every term of the lease has a token of its own, so that a claim always says which term it is of.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { PriceBook } from '../../core/price.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import { leaseDoor } from '../../ledger/lease-door.ts';
import { mailOutbox } from '../../ledger/mail-outbox.ts';
import { FenceError, LeaseLostError } from '../../ledger/scripts.ts';
import type { FlushLog } from '../flush/log.ts';
import { Lease } from '../lease.ts';
import { relayEvents } from '../platform-events/relay.ts';
import { breakdowns } from './breakdown.ts';
import { MAILS_SENDING_MAX, NOTIFY_LIMITS, type NotifyLimits } from './limits.ts';
import { sendMails } from './mails.ts';
import { backoffMs } from './retry.ts';
import type { MailSending, NotifyPoint, Term } from './send-mail.ts';
import { Slots } from './slots.ts';
import { Stirring } from './stirring.ts';
import { Trouble } from './trouble.ts';

export interface NotifierOptions {
  readonly context: LedgerContext;
  /** For the lease alone; left out: the ledger's. */
  readonly leaseRedis?: Redis;
  /** Asked for breakdowns; a mail goes without one when it does not answer in time. */
  readonly clickhouse: ClickHouseClient;
  readonly book: PriceBook;
  /** How mails leave; undefined: they are switched off. */
  readonly sending: MailSending | undefined;
  /** Whether a mail is sent again of which it is not known that it was taken; also of those that this one finds left. */
  readonly resendsUnknown: boolean;
  /** What the platform listens to. */
  readonly queue: Queue;
  readonly log: FlushLog;
  readonly limits?: Partial<NotifyLimits>;
  /** Told of each point passed, and waited for. For tests. */
  readonly signals?: (point: NotifyPoint) => void | Promise<void>;
}

export interface Notifier {
  /** Starts; a second call changes nothing. */
  start(): void;
  /** A commit may have decided something: looks at once. */
  stir(): void;
  /** Finishes what is being sent, for a bounded time, lets go of what is not, gives the lease back. */
  stop(): Promise<void>;
  /** Lets go of everything at once; what was being sent is resolved by the next notifier. */
  force(): void;
  /** Resolves when it has stopped; rejects with the FenceError that ended it. */
  readonly done: Promise<void>;
}

/** A notifier; nothing happens before `start`. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { context, log } = options;
  const limits: NotifyLimits = { ...NOTIFY_LIMITS, ...options.limits };
  const door = leaseDoor(options.leaseRedis ?? context.redis, context.keys.notifyLease);
  const [stop, force] = [new AbortController(), new AbortController()];
  const { promise: done, resolve: ended, reject: failed } = Promise.withResolvers<void>();
  done.catch(() => undefined); // whoever needs to know awaits it
  const stirrings = { mails: new Stirring(), events: new Stirring() };
  const passed = async (point: NotifyPoint): Promise<void> => options.signals?.(point);
  const shared = { log, limits, passed };
  const mails = {
    ...shared,
    ...{
      outbox: mailOutbox(context),
      sending: options.sending,
      resendsUnknown: options.resendsUnknown,
      trouble: new Trouble(limits, log),
    },
    ...{ slots: new Slots(MAILS_SENDING_MAX), stirring: stirrings.mails },
    breakdowns: breakdowns({ ...options, timeoutMs: limits.breakdownMs }),
  };
  const relay = { ...shared, context, queue: options.queue, stirring: stirrings.events };
  let started = false;

  /** One term: both duties until one of them cannot go on, or the notifier stops. */
  async function hold(lease: Lease): Promise<void> {
    const [over, abandon] = [new AbortController(), new AbortController()];
    const term: Term = {
      ...{ token: lease.token, assertHeld: lease.assertHeld },
      until: AbortSignal.any([stop.signal, over.signal]),
      abandon: AbortSignal.any([force.signal, abandon.signal]),
    };
    let timer: NodeJS.Timeout | undefined;
    const onStop = (): void => {
      timer = setTimeout(() => abandon.abort(), limits.stopMs);
    };
    if (stop.signal.aborted) onStop();
    stop.signal.addEventListener('abort', onStop);
    const end = (error: unknown): never => {
      over.abort();
      abandon.abort();
      throw error;
    };
    const duties = [sendMails(mails, term).catch(end), relayEvents(relay, term).catch(end)];
    try {
      await Promise.all(duties);
    } finally {
      await Promise.allSettled(duties);
      stop.signal.removeEventListener('abort', onStop);
      clearTimeout(timer);
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      const lease = new Lease(door, limits);
      let takenMs = Number.POSITIVE_INFINITY;
      try {
        await lease.take(stop.signal);
        takenMs = performance.now();
        log.info({ event: 'notify-lease-taken' }, 'this process notifies for the partition');
        await hold(lease);
      } catch (error) {
        if (error instanceof FenceError) throw error;
        if (performance.now() - takenMs > limits.backoffLastMs) failures = 0; // it worked in between
        if (error instanceof LeaseLostError) log.warn({ event: 'notify-lease-lost' }, 'the lease was lost');
        else if (!stop.signal.aborted) {
          if (failures === 0) log.warn({ event: 'notify-failing', err: error }, 'notifying failed and is tried again');
          const waitMs = backoffMs(failures, limits.backoffFirstMs, limits.backoffLastMs);
          failures += 1;
          await delay(waitMs, undefined, { signal: stop.signal }).catch(() => undefined);
        }
      } finally {
        await lease.release().catch((error: unknown) => {
          log.warn({ event: 'notify-lease-kept', err: error }, 'the lease could not be given back and will run out');
        });
      }
    }
  }

  return {
    done,
    start() {
      if (started) return;
      started = true;
      run().then(ended, (error: unknown) => {
        log.error({ event: 'notify-stopped', err: error }, 'notifying cannot go on');
        failed(error);
      });
    },
    stir() {
      stirrings.mails.stir();
      stirrings.events.stir();
    },
    async stop() {
      stop.abort();
      if (!started) ended();
      await done.catch(() => undefined);
    },
    force() {
      force.abort();
      stop.abort();
    },
  };
}

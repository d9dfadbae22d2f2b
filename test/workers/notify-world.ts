/**
 * A ledger on a clock of its own with notifiers on it, a mail server that keeps what it takes, and the platform's queue.
 * What became of a mail is read where the flusher would read it: in the lines of the outbox.
 */

import type { ClickHouseClient } from '@clickhouse/client';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { SMTPServerOptions } from 'smtp-server';
import { MAIL_KINDS, type MailKind } from '../../core/mail-kinds.ts';
import type { UsageEvent } from '../../core/types.ts';
import { createMailer } from '../../emails/mailer.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import type { NotifyLimits } from '../../workers/notify/limits.ts';
import { createNotifier, type Notifier, type NotifierOptions } from '../../workers/notify/notifier.ts';
import type { MailSending } from '../../workers/notify/send-mail.ts';
import { openQueue, PLATFORM_EVENTS_QUEUE } from '../../workers/queues.ts';
import { mailServer } from '../emails/servers.ts';
import { RealLedger } from '../ledger/real-ledger.ts';
import { BOOK, event, START_MS, upsert } from '../ledger/samples.ts';
import { lines } from '../ledger/stage.ts';
import { closeAfterTests, freshRedis, freshTag, migratedDatabase } from '../support/engines.ts';
import { until } from '../support/until.ts';

/** Quick enough for a test, and still the same machine. */
export const TEST_LIMITS: Partial<NotifyLimits> = {
  ...{ leaseMs: 1_000, leaseRenewMs: 100, leaseRetryMs: 30, pollMs: 10, lookMsMin: 1 },
  ...{ backoffFirstMs: 10, backoffLastMs: 100, pauseFirstMs: 10, pauseLastMs: 50 },
  // No test is about how quick ClickHouse is.
  breakdownMs: 60_000,
};

export type Line = Record<string, unknown> & { readonly event?: string; readonly level: string };

/** A step in the life of a mail, as its history has it. */
export interface Step {
  readonly intentId: string;
  readonly kind: MailKind;
  readonly status: string;
  readonly words: string;
  readonly attempts: number;
}

export interface Arrived {
  readonly to: readonly string[];
  readonly messageId: string;
  readonly subject: string;
}

export interface World {
  readonly real: RealLedger;
  readonly redis: Redis;
  readonly context: LedgerContext;
  readonly client: ClickHouseClient;
  readonly database: string;
  readonly queue: Queue;
  readonly server: Awaited<ReturnType<typeof mailServer>>;
  readonly lines: Line[];
  sending(some?: Partial<MailSending>): MailSending;
  /** A notifier on connections of its own; it is stopped after the tests. */
  notifier(some?: Partial<NotifierOptions>): Promise<Notifier>;
  /** An account with 100 credits a month that is left with `left` µcr of them. */
  account(accountId: string, left?: number): Promise<void>;
  spend(accountId: string, tokens: number, some?: Partial<Omit<UsageEvent, 'tokens'>>): Promise<void>;
  steps(): Promise<Step[]>;
  statuses(): Promise<string[]>;
  arrived(): Arrived[];
  /** Waits until so many mails have come to an end. */
  ended(mails: number): Promise<void>;
  /** Waits until no mail waits, or is claimed. */
  quiet(): Promise<void>;
}

export const GRANT = 100_000_000;
const ENDS = new Set(['sent', 'failed', 'superseded', 'suppressed']);

export async function openNotifyWorld(server: SMTPServerOptions = {}): Promise<World> {
  const redis = await freshRedis();
  const { client, database } = await migratedDatabase();
  const real = await RealLedger.open(redis, freshTag(), START_MS, BOOK);
  const { context } = real;
  const { keys, ledgerId } = context;
  const mails = await mailServer(server);
  const logged: Line[] = [];
  const line = (level: string) => (fields: object) => void logged.push({ level, ...fields });
  const log = { info: line('info'), warn: line('warn'), error: line('error') };
  const queue = openQueue(PLATFORM_EVENTS_QUEUE, await freshRedis(), keys.tag);
  closeAfterTests(() => queue.close());
  const mailer = createMailer({
    ...{ url: mails.url, requireTls: false, mailsPerSecond: 10_000 },
    letterhead: { ledgerId, from: { address: 'no-reply@mail.example' } },
  });
  closeAfterTests(() => mailer.close());
  const world: World = {
    ...{ real, redis, context, client, database, queue, server: mails, lines: logged },
    sending: (some = {}) => ({
      mailer,
      renderer: {
        render: async ({ kind, intentId }) => ({ subject: `${kind} ${intentId}`, html: '<p>hello</p>', text: 'hello' }),
      },
      ...{ kinds: new Set(MAIL_KINDS) },
      ...some,
    }),
    async notifier(some = {}) {
      const notifier = createNotifier({
        context: { ...context, redis: await freshRedis(), seen: { ...context.seen } },
        ...{
          clickhouse: client,
          book: BOOK,
          queue,
          log,
          sending: world.sending(),
          resendsUnknown: true,
          limits: TEST_LIMITS,
        },
        ...some,
      });
      closeAfterTests(async () => {
        notifier.force();
        await notifier.stop();
      });
      notifier.start();
      return notifier;
    },
    async account(accountId, left = GRANT) {
      const command = upsert({ accountId, monthly: GRANT, email: `${accountId}@example.com` });
      await real.command(command, START_MS);
      if (left < GRANT) await world.spend(accountId, GRANT - left);
    },
    async spend(accountId, tokens, some = {}) {
      const clock = Number((await real.counters()).clock);
      const one = event({ accountId, tokens, occurredAt: clock, ...some });
      await real.events([{ event: one, queuedAt: clock }]);
    },
    steps: async () => (await lines(real, 'mails')) as unknown as Step[],
    statuses: async () => (await world.steps()).map(({ kind, status }) => `${kind} ${status}`),
    arrived: () => mails.received.map(({ to, raw }) => ({ to, ...headersOf(raw.toString()) })),
    ended: (count) =>
      until(`${count} mails to end`, async () => {
        const steps = await world.steps();
        return steps.filter(({ status }) => ENDS.has(status)).length >= count;
      }),
    quiet: () =>
      until('no mail to wait', async () => {
        const waiting = await redis.zcard(keys.mailsDue);
        return waiting + (await redis.scard(keys.mailsClaimed)) === 0;
      }),
  };
  return world;
}

function headersOf(raw: string): { messageId: string; subject: string } {
  const value = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(raw)?.[1]?.trim() ?? '';
  return { messageId: value('Message-ID'), subject: value('Subject') };
}

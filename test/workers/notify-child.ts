/**
 * A notifier in a process of its own, so that it can be killed for real. Told what to do by one line of JSON on its
 * standard input; says each point it passes on standard output, and stays at the one it was told, for ever.
 */
import { createInterface } from 'node:readline';
import { createClient } from '@clickhouse/client';
import { Redis } from 'ioredis';
import { MAIL_KINDS } from '../../core/mail-kinds.ts';
import { createMailer } from '../../emails/mailer.ts';
import { ledgerContext } from '../../ledger/context.ts';
import { ledgerKeys } from '../../ledger/keys.ts';
import type { RedisCoordinates } from '../../runtime/sidecars/protocol.ts';
import type { NotifyLimits } from '../../workers/notify/limits.ts';
import { createNotifier } from '../../workers/notify/notifier.ts';
import { openQueue, PLATFORM_EVENTS_QUEUE } from '../../workers/queues.ts';
import { BOOK } from '../ledger/samples.ts';

export interface ChildTask {
  readonly redis: RedisCoordinates;
  readonly clickhouse: { url: string; username: string; password: string; database: string };
  readonly tag: string;
  readonly ledgerId: string;
  readonly smtpUrl: string;
  readonly limits: Partial<NotifyLimits>;
  /** Where to stay; left out: nowhere. */
  readonly point?: string;
}

for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line) as ChildTask;
  const nothing = (): void => undefined;
  const connect = (): Redis => new Redis({ ...task.redis, maxRetriesPerRequest: null });
  createNotifier({
    context: ledgerContext(connect(), ledgerKeys(task.tag), task.ledgerId),
    clickhouse: createClient(task.clickhouse),
    book: BOOK,
    queue: openQueue(PLATFORM_EVENTS_QUEUE, connect(), task.tag),
    resendsUnknown: true,
    sending: {
      mailer: createMailer({
        ...{ url: task.smtpUrl, requireTls: false, mailsPerSecond: 10_000 },
        letterhead: { ledgerId: task.ledgerId, from: { address: 'no-reply@mail.example' } },
      }),
      renderer: {
        render: async ({ kind, intentId }) => ({ subject: `${kind} ${intentId}`, html: '<p>hello</p>', text: 'hello' }),
      },
      ...{ kinds: new Set(MAIL_KINDS) },
    },
    log: { info: nothing, warn: nothing, error: (fields) => process.stderr.write(`${JSON.stringify(fields)}\n`) },
    limits: task.limits,
    signals: async (point) => {
      process.stdout.write(`${point}\n`);
      if (point === task.point) await new Promise(nothing);
    },
  }).start();
}

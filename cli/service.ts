/**
 * The service of one command: the price book held to its word, the connections it needs, its workers started, its mails, its
 * jobs.
 */

import type { PriceBook } from '../core/price.ts';
import { createRenderer } from '../emails/renderer.ts';
import type { JobTools } from '../jobs/job.ts';
import { type RunningSchedule, startSchedule } from '../jobs/schedule.ts';
import { loadPriceBook } from '../schema/price-book.ts';
import { recordPriceVersions } from '../schema/price-versions.ts';
import type { MailSending } from '../workers/notify/send-mail.ts';
import { type Service, startService } from '../workers/service.ts';
import { openMailer } from './mailer.ts';
import type { System } from './system.ts';

/** Starts the workers. Throws when the price book cannot be used; its connections are closed with the system. */
export async function runService(system: System): Promise<Service> {
  const { config, log, ledger, clickhouse } = system;
  const book = await recordedBook(system);
  const mails = await openMails(system);
  const service = await startService({
    context: ledger,
    queueConnection: await system.connect({ name: 'queues', patient: true }),
    flushConnection: await system.connect({ name: 'flusher', patient: false }),
    leaseConnection: await system.connect({ name: 'lease', patient: false }),
    clickhouse,
    book,
    log,
    acceptDays: config.acceptDays,
    usageConcurrency: config.usageConcurrency,
    flushIntervalMs: config.flushIntervalMs,
    outboxRowsMax: config.outboxRowsMax,
    notify: { sending: mails.sending, resendsUnknown: config.mail.unknown === 'resend' },
  });
  let stopping: Promise<void> | undefined;
  return {
    ...service,
    stop: () => {
      stopping ??= service.stop().finally(mails.close);
      return stopping;
    },
  };
}

/** How mails leave by the settings. What opens here opens no connection yet, and is closed after the workers. */
async function openMails({ config, ledger, log }: System): Promise<{
  readonly sending: MailSending | undefined;
  readonly close: () => Promise<void>;
}> {
  const { on, kinds, manageUrl } = config.mail;
  if (!on) return { sending: undefined, close: async () => undefined };
  const mailer = await openMailer(config, ledger.ledgerId, log);
  const renderer = createRenderer({ manageUrl });
  return {
    sending: { mailer, renderer, kinds },
    close: async () => {
      await Promise.all([mailer.close(), renderer.close()]);
    },
  };
}

/** The price book of the settings, held to its word: whoever charges by a version has it recorded. */
export async function recordedBook({ config, clickhouse }: System): Promise<PriceBook> {
  const book = await loadPriceBook(config.priceBookPath);
  await recordPriceVersions(clickhouse, book);
  return book;
}

/** What scheduled jobs work with; `signal` ends a run early. */
export async function jobTools(system: System, signal: AbortSignal): Promise<JobTools> {
  const { config, log, ledger, reader } = system;
  const book = await recordedBook(system);
  return { ledger, clickhouse: reader, book, acceptDays: config.acceptDays, log, signal };
}

/** Runs the scheduled jobs at their times; `signal` ends everything at once. */
export async function runSchedule(system: System, signal: AbortSignal): Promise<RunningSchedule> {
  const connection = await system.connect({ name: 'jobs', patient: true });
  return startSchedule({ connection, tools: await jobTools(system, signal) });
}

/** What made a service stop by itself, as an error to fail with. */
export function haltError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The workers stopped for an unknown reason.');
}

/** The service of one command: the price book held to its word, the connections it needs, its workers started. */
import { loadPriceBook } from '../schema/price-book.ts';
import { recordPriceVersions } from '../schema/price-versions.ts';
import { type Service, startService } from '../workers/service.ts';
import type { System } from './system.ts';

/** Starts the workers. Throws when the price book cannot be used; its connections are closed with the system. */
export async function runService(system: System): Promise<Service> {
  const { config, log, ledger, clickhouse } = system;
  const book = await loadPriceBook(config.priceBookPath);
  await recordPriceVersions(clickhouse, book);
  return startService({
    context: ledger,
    queueConnection: await system.connect({ name: 'queues', patient: true }),
    flushConnection: await system.connect({ name: 'flusher', patient: false }),
    clickhouse,
    book,
    log,
    acceptDays: config.acceptDays,
    usageConcurrency: config.usageConcurrency,
    flushIntervalMs: config.flushIntervalMs,
    outboxRowsMax: config.outboxRowsMax,
  });
}

/** What made a service stop by itself, as an error to fail with. */
export function haltError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The workers stopped for an unknown reason.');
}

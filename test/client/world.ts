/** What tests of the producer client share: events, the jobs they became, and a usage worker that takes them. */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { UsageEventInput } from '../../client/usage-client.ts';
import { createLog } from '../../runtime/log.ts';
import { parseCommand } from '../../schema/parse-command.ts';
import { loadPriceBook } from '../../schema/price-book.ts';
import { type RunningWorker, startUsageWorker } from '../../workers/usage/worker.ts';
import { RealLedger } from '../ledger/real-ledger.ts';

/** A call of 1,000 input tokens of a model that costs 1 credit for them. */
export function event(id: string, more: Partial<UsageEventInput> = {}): UsageEventInput {
  return {
    ...{ id, accountId: 'acme', serverId: 'web', model: 'claude-haiku-4.5' },
    ...{ occurredAt: Date.now() - 1_000, tokens: { input: 1_000 } },
    ...more,
  };
}

/** The ids of the events of each job that waits in the queue, oldest first. */
export async function queuedIds(redis: Redis, prefix: string): Promise<string[][]> {
  const queue = new Queue('usage', { connection: redis, prefix, skipMetasUpdate: true });
  try {
    const jobs = await queue.getJobs(['waiting'], 0, -1, true);
    return jobs.map((job) => (job.data as { events: { id: string }[] }).events.map(({ id }) => id));
  } finally {
    await queue.close();
  }
}

/** A usage worker on a ledger of its own with the account `acme`, which has 1,000 credits. */
export async function startWorker(redis: Redis, prefix: string): Promise<RunningWorker & { ledger: RealLedger }> {
  const book = await loadPriceBook();
  const ledger = await RealLedger.open(redis, prefix, Date.now(), book);
  const parsed = parseCommand('account.upsert', {
    ...{ id: 'up', accountId: 'acme', email: 'owner@example.com', timeZone: 'UTC', anchor: '2026-01-01T00:00:00' },
    plan: { id: 'plan', monthlyCredits: '1000' },
  });
  if (!parsed.ok) throw new Error(parsed.reason);
  await ledger.command(parsed.command, Date.now());
  const worker = startUsageWorker({
    ...{ context: ledger.context, book, acceptDays: 35, concurrency: 20 },
    environment: {
      connection: redis,
      log: createLog({ level: 'silent' }),
      clock: Date.now,
      signal: new AbortController().signal,
      halt: (error) => {
        throw error;
      },
    },
  });
  return { ledger, close: () => worker.close() };
}

/** The code a promise is rejected with. */
export function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

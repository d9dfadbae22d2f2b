/** What jobs work with, over a ledger of a test (reading ClickHouse fails unless one is given), and what they left behind. */
import type { ClickHouseClient } from '@clickhouse/client';
import type { PriceBook } from '../../core/price.ts';
import type { JobTools } from '../../jobs/job.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import { createLog } from '../../runtime/log.ts';
import type { RealLedger } from '../ledger/real-ledger.ts';
import { BOOK } from '../ledger/samples.ts';
import { dump } from '../ledger/stage.ts';

const NO_CLICKHOUSE = {
  query: () => Promise.reject(new Error('There is no ClickHouse.')),
} as unknown as ClickHouseClient;

export function toolsOf(ledger: LedgerContext, book: PriceBook = BOOK, more: Partial<JobTools> = {}): JobTools {
  const log = createLog({ level: 'silent' });
  return {
    ...{ ledger, book, log, clickhouse: NO_CLICKHOUSE, acceptDays: 35 },
    signal: new AbortController().signal,
    ...more,
  };
}

/** Each platform event of the ledger so far, in order, as it was told. */
export async function heard({ context: { redis, keys } }: RealLedger): Promise<Record<string, unknown>[]> {
  const entries = await redis.xrange(keys.outboxEvents, '-', '+');
  return entries.flatMap(([, fields]) =>
    fields[1]!.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}

/** What of the ledger's keys a job's run may not change: all but the note of the run itself. */
export async function untouched(real: RealLedger): Promise<Record<string, string>> {
  const { [real.context.keys.jobRuns]: _, ...rest } = await dump(real);
  return rest;
}

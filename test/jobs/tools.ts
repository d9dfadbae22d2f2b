/** What jobs work with, over a ledger of a test; reading ClickHouse fails unless one is given. */
import type { ClickHouseClient } from '@clickhouse/client';
import type { PriceBook } from '../../core/price.ts';
import type { JobTools } from '../../jobs/job.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import { createLog } from '../../runtime/log.ts';
import { BOOK } from '../ledger/samples.ts';

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

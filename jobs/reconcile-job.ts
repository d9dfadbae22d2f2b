/** The scheduled job `reconcile`: the comparison of reconcile.ts, each night. Reads only, so its moment changes nothing. */
import { accountIds } from '../ledger/account-ids.ts';
import type { JobReport, ScheduledJob } from './job.ts';
import { reconcile } from './reconcile.ts';

/** Differences that a run keeps; the command `reconcile` lists more. */
const ROWS_MAX = 50;

export const reconcileJob: ScheduledJob = {
  name: 'reconcile',
  what: 'compares what was accepted, the balances and ClickHouse',
  pattern: '15 3 * * *',
  async run({ ledger, clickhouse, signal }, { dryRun }): Promise<JobReport> {
    const ids = await accountIds(ledger);
    if (dryRun) {
      const summary = `It would compare ${ids.length} account(s), as of their last commit by then. It changes nothing at any time.`;
      return { ok: true, summary, rows: [] };
    }
    const report = await reconcile({ ledger, clickhouse, accountIds: ids, signal });
    const { accounts, events, sequence, drift, mismatches } = report;
    const ok = drift === '0' && mismatches.length === 0;
    const found = ok ? 'the books balance' : `the books do not balance (${mismatches.length} difference(s))`;
    return {
      ok,
      summary: `As of sequence ${sequence} ${found}: ${accounts} account(s), ${events} accepted event(s), drift ${drift}.`,
      rows: mismatches.slice(0, ROWS_MAX).map((one) => ({ ...one })),
    };
  },
};

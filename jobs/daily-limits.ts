/**
 * The scheduled job `daily-limits`: decides the accounts whose local day has ended, where that may change something: a
 * limited server is released at its local midnight, a forecast goes by other days. The gate releases without it (rule 10);
 * this job is for the platform to hear of it in time.
 */
import { ledgerClock } from '../ledger/ledger-clock.ts';
import { dueAccounts, foreseeDue } from './account-chunks.ts';
import type { JobReport, ScheduledJob } from './job.ts';
import { reportOf, reviewPages } from './review-pages.ts';

export const dailyLimits: ScheduledJob = {
  name: 'daily-limits',
  what: 'releases limited servers at local midnight, and looks at the run-out forecasts of the new day',
  pattern: '* * * * *',
  async run(tools, { now, dryRun }): Promise<JobReport> {
    const { ledger } = tools;
    if (dryRun) {
      const { count, rows } = await foreseeDue(ledger, 'midnights', now);
      return { ok: true, summary: `${count} account(s) whose local day ends would be looked at.`, rows };
    }
    const due = dueAccounts(ledger, 'midnights', await ledgerClock(ledger));
    const totals = await reviewPages(tools, { mode: 'check' }, due);
    return reportOf(totals, `${totals.accounts} account(s) looked at whose local day has ended`);
  },
};

/**
 * The scheduled job `cycle-reset`: ends the cycles whose end has passed, of every account. The ledger knows which those
 * are, so a run costs what it resets, not what there is. Any debit or read does the same for its account (rule 4): this
 * job is for those that nobody touches, and for the mails and platform events of a reset to be on time.
 */
import { ledgerClock } from '../ledger/ledger-clock.ts';
import { dueAccounts, foreseeDue } from './account-chunks.ts';
import type { JobReport, ScheduledJob } from './job.ts';
import { reportOf, reviewPages } from './review-pages.ts';

export const cycleReset: ScheduledJob = {
  name: 'cycle-reset',
  what: 'ends the cycles whose end has passed: what is left expires, the plan is granted',
  pattern: '* * * * *',
  async run(tools, { now, dryRun }): Promise<JobReport> {
    const { ledger } = tools;
    if (dryRun) {
      const { count, rows } = await foreseeDue(ledger, 'accounts', now);
      return { ok: true, summary: `${count} account(s) would be reset.`, rows };
    }
    const due = dueAccounts(ledger, 'accounts', await ledgerClock(ledger));
    const totals = await reviewPages(tools, { mode: 'reset' }, due);
    return reportOf(totals, `${totals.reset} account(s) reset, ${totals.cycles} cycle(s) ended`);
  },
};

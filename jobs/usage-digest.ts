/**
 * The scheduled job `usage-digest`: the weekly mail about what the week before has cost. The ledger makes one per account
 * and week, from its local Monday on and only where the week cost something; so Tuesday's run is for the accounts whose
 * Monday had not begun at Monday's, and finds nothing to do for the others.
 */

import { everyAccount } from './account-chunks.ts';
import type { JobReport, ScheduledJob } from './job.ts';
import { reportOf, reviewPages } from './review-pages.ts';

export const usageDigest: ScheduledJob = {
  name: 'usage-digest',
  what: 'decides the weekly mail about usage, one an account and week that cost something',
  pattern: '0 9 * * 1,2',
  async run(tools, { dryRun }): Promise<JobReport> {
    const { redis, keys } = tools.ledger;
    if (dryRun) {
      const accounts = await redis.zcard(keys.accounts);
      return { ok: true, summary: `${accounts} account(s) would be looked at.`, rows: [] };
    }
    const totals = await reviewPages(tools, { mode: 'digest' }, everyAccount(tools.ledger));
    return reportOf(totals, `${totals.accounts} account(s) looked at, ${totals.changed} of them changed`);
  },
};

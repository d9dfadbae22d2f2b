/**
 * The scheduled job `threshold-check`: looks at alerts where no debit does. Each hour the accounts whose local day has
 * ended, those whose cycle ends within three days (what is left is about to expire), and as a safety net a twenty-fourth of
 * all: events and commands decide their own crossings, so what it finds there was missed by something else.
 */
import { DAY_MS, HOUR_MS } from '../core/limits.ts';
import type { LedgerContext } from '../ledger/context.ts';
import { ledgerClock } from '../ledger/ledger-clock.ts';
import { dueAccounts, foreseeDue, rankedAccounts } from './account-chunks.ts';
import type { JobReport, ScheduledJob } from './job.ts';
import { reportOf, reviewPages } from './review-pages.ts';

/** So long before a cycle's end its owner hears of credits that are about to expire. */
export const EXPIRING_MS = 3 * DAY_MS;
/** Runs in which the safety net has seen every account. */
const SLICES = 24;

export const thresholdCheck: ScheduledJob = {
  name: 'threshold-check',
  what: 'looks at alerts without a debit: forecasts, credits about to expire, and a 24th of all accounts',
  pattern: '7 * * * *',
  async run(tools, { now, dryRun }): Promise<JobReport> {
    const { ledger } = tools;
    if (dryRun) return foresee(ledger, now);
    const clock = await ledgerClock(ledger);
    const totals = await reviewPages(tools, { mode: 'check', expiringMs: EXPIRING_MS }, accountsOf(ledger, clock));
    return reportOf(totals, `${totals.accounts} account(s) looked at, ${totals.changed} of them changed`);
  },
};

async function* accountsOf(ledger: LedgerContext, clock: number): AsyncGenerator<readonly string[]> {
  yield* dueAccounts(ledger, 'midnights', clock);
  yield* rankedAccounts(ledger, 0, await endingBy(ledger, clock + EXPIRING_MS));
  const slice = await sliceOf(ledger, clock);
  yield* rankedAccounts(ledger, slice.from, slice.to);
}

function endingBy({ redis, keys }: LedgerContext, ms: number): Promise<number> {
  return redis.zcount(keys.accounts, '-inf', ms);
}

/** The ranks that the safety net looks at in the hour of an instant. */
async function sliceOf({ redis, keys }: LedgerContext, ms: number): Promise<{ from: number; to: number }> {
  const accounts = await redis.zcard(keys.accounts);
  const slice = Math.floor(ms / HOUR_MS) % SLICES;
  return { from: Math.floor((accounts * slice) / SLICES), to: Math.floor((accounts * (slice + 1)) / SLICES) };
}

async function foresee(ledger: LedgerContext, now: number): Promise<JobReport> {
  const midnights = await foreseeDue(ledger, 'midnights', now);
  const ending = await foreseeDue(ledger, 'accounts', now + EXPIRING_MS);
  const { from, to } = await sliceOf(ledger, now);
  return {
    ok: true,
    summary:
      `${midnights.count} account(s) whose local day ends, ${ending.count} whose cycle ends within three days, ` +
      `and ${to - from} of all would be looked at.`,
    rows: [
      ...midnights.rows.map((row) => ({ ...row, why: 'local day ends' })),
      ...ending.rows.map((row) => ({ ...row, why: 'cycle ends' })),
    ],
  };
}

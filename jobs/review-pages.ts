/**
 * Looks at many accounts, page after page: what the jobs cycle-reset, daily-limits, threshold-check and usage-digest have
 * in common. One page is under way at a time, so that whoever debits meanwhile waits for one page at most.
 * Invariant: an account that cannot be looked at holds up no other, and is told in the job's report.
 */
import { type FlowlyError, PermanentError } from '../core/errors.ts';
import { REVIEW_ACCOUNTS_MAX, type Reviewed, type ReviewMode, reviewAccounts } from '../ledger/review.ts';
import { FenceError } from '../ledger/scripts.ts';
import type { JobReport, JobRow, JobTools } from './job.ts';
import { type RoomOptions, untilRoom } from './room.ts';

/** Accounts that a run names because they could not be looked at; more are counted. */
const FAILED_LISTED_MAX = 50;

export interface ReviewWork {
  readonly mode: ReviewMode;
  readonly expiringMs?: number;
  /** Bounds of the wait for room; a test has its own. */
  readonly room?: Omit<RoomOptions, 'signal'>;
}

export interface Totals {
  /** Accounts that were looked at; one that came twice counts twice. */
  accounts: number;
  changed: number;
  /** Accounts of which a cycle was ended, and how many cycles that were. */
  reset: number;
  cycles: number;
  /** Listed, but nothing is known of them. */
  unknown: number;
  failed: number;
  /** The first of those that failed. */
  readonly failures: JobRow[];
  /** Redis had no room for more: what is left is the next run's. */
  isFull: boolean;
}

/** Looks at the accounts of all chunks; each may be of any size, and is asked for when the one before is done. */
export async function reviewPages(
  { ledger, log, signal }: JobTools,
  { mode, expiringMs = 0, room }: ReviewWork,
  chunks: AsyncIterable<readonly string[]>,
): Promise<Totals> {
  const totals: Totals = {
    ...{ accounts: 0, changed: 0, reset: 0, cycles: 0, unknown: 0, failed: 0, failures: [], isFull: false },
  };
  const review = async (ids: readonly string[]): Promise<void> => {
    try {
      count(totals, await reviewAccounts(ledger, mode, ids, { expiringMs }));
    } catch (error) {
      if (!(error instanceof PermanentError) || error instanceof FenceError) throw error;
      if (ids.length === 1) {
        log.error({ event: 'review-failed', err: error, accountId: ids[0] }, 'an account could not be looked at');
        return fail(totals, ids[0]!, error);
      }
      const half = Math.ceil(ids.length / 2);
      await review(ids.slice(0, half));
      await review(ids.slice(half));
    }
  };
  for await (const ids of chunks) {
    if (!(await untilRoom(ledger, { ...room, signal }))) {
      totals.isFull = true;
      break;
    }
    for (let from = 0; from < ids.length; from += REVIEW_ACCOUNTS_MAX) {
      signal.throwIfAborted();
      const page = ids.slice(from, from + REVIEW_ACCOUNTS_MAX);
      await review(page);
      totals.accounts += page.length;
    }
  }
  return totals;
}

function count(totals: Totals, { changed, reset, cycles, unknown }: Reviewed): void {
  totals.changed += changed;
  totals.reset += reset;
  totals.cycles += cycles;
  totals.unknown += unknown.length;
}

function fail(totals: Totals, account: string, error: FlowlyError): void {
  totals.failed += 1;
  if (totals.failures.length < FAILED_LISTED_MAX) totals.failures.push({ account, problem: error.message });
}

/** The report of a run; `words` say what was done. */
export function reportOf(totals: Totals, words: string): JobReport {
  const { failed, unknown, failures, isFull } = totals;
  const more = [
    ...(unknown > 0 ? [`${unknown} listed account(s) are not known`] : []),
    ...(failed > 0 ? [`${failed} account(s) could not be looked at`] : []),
    ...(isFull ? ['Redis has no room for more, so the rest is left to the next run'] : []),
  ];
  return { ok: failed === 0 && !isFull, summary: `${[words, ...more].join('; ')}.`, rows: failures };
}

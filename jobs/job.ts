/**
 * What a scheduled job is, and what a run of one tells. A schedule is only a hint: a job that runs twice, late, or in two
 * processes at once must come to the same, so every job goes by what it finds and by the commits it makes.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Logger } from 'pino';
import type { PriceBook } from '../core/price.ts';
import type { LedgerContext } from '../ledger/context.ts';

/** Open connections and settings that every job works with; it closes none of them. */
export interface JobTools {
  readonly ledger: LedgerContext;
  /** May be one that only reads. Somebody must be flushing: jobs wait for the history of what they compare. */
  readonly clickhouse: ClickHouseClient;
  readonly book: PriceBook;
  readonly acceptDays: number;
  readonly log: Logger;
  /** Ends the run early; what it has done by then stays done. */
  readonly signal: AbortSignal;
}

/** When a job runs (ms), and whether it only tells what it would do. */
export interface JobMoment {
  readonly now: number;
  readonly dryRun: boolean;
}

/** A line of the table that a run prints; every line of a run has the same names. */
export type JobRow = Readonly<Record<string, string | number>>;

export interface JobReport {
  /** False when what the job checks does not hold. */
  readonly ok: boolean;
  /** One sentence for people. */
  readonly summary: string;
  /** Bounded: a run that finds more says so in its summary. */
  readonly rows: readonly JobRow[];
}

export interface ScheduledJob {
  readonly name: string;
  /** What it does, in one line. */
  readonly what: string;
  /** Cron pattern of five fields, in UTC. */
  readonly pattern: string;
  run(tools: JobTools, moment: JobMoment): Promise<JobReport>;
}

/**
 * What happened to one event, as the job's return value tells it (contract, "Usage event"), and the reading of that
 * value. The worker lists every event that was not simply accepted; a job that was set aside whole has one entry.
 */
import { PermanentError } from '../core/errors.ts';
import type { DeadLetterReason } from '../ledger/dead-letters.ts';

export type EventOutcome =
  | { readonly outcome: 'accepted' | 'duplicate' }
  | { readonly outcome: 'parked'; readonly reason: 'unknown-account' | 'unknown-model' }
  | {
      readonly outcome: 'dead-letter';
      readonly reason: DeadLetterReason;
      readonly field?: string;
      readonly detail?: string;
    };

/** A job's return value. */
export interface UsageJobResult {
  readonly accepted: number;
  readonly duplicate: number;
  readonly parked: number;
  readonly deadLetters: number;
  readonly others: readonly ({ readonly index: number; readonly id: string } & EventOutcome)[];
}

const ACCEPTED: EventOutcome = { outcome: 'accepted' };

/** The outcomes of a job's events, in their order. Throws PermanentError `result-unreadable`. */
export function outcomesOf(returned: unknown, count: number): EventOutcome[] {
  if (!isResult(returned)) throw unreadable();
  const { accepted, duplicate, parked, deadLetters, others } = returned;
  const total = accepted + duplicate + parked + deadLetters;
  if (total === 1 && count > 1) {
    const [whole] = others;
    if (whole === undefined) throw unreadable();
    return Array.from({ length: count }, () => bare(whole));
  }
  if (total !== count) throw unreadable();
  const outcomes = Array.from({ length: count }, () => ACCEPTED);
  for (const other of others) outcomes[other.index] = bare(other);
  return outcomes;
}

function bare({ index: _index, id: _id, ...outcome }: UsageJobResult['others'][number]): EventOutcome {
  return outcome;
}

function isResult(value: unknown): value is UsageJobResult {
  if (typeof value !== 'object' || value === null) return false;
  const { accepted, duplicate, parked, deadLetters, others } = value as Partial<UsageJobResult>;
  return [accepted, duplicate, parked, deadLetters].every(Number.isInteger) && Array.isArray(others);
}

function unreadable(): PermanentError {
  return new PermanentError(
    'result-unreadable',
    'The job’s return value is none of this version: another worker than flowly-credits took it, or another version.',
  );
}

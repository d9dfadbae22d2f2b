/**
 * What a job of the queue `usage` returns to its producer: counts, and every event that was not simply accepted.
 */
import type { EventOutcome } from './item.ts';

/** An event of the job that was not accepted, by its place among the job's events. */
export type OtherOutcome = { readonly index: number; readonly id: string } & EventOutcome;

export interface UsageJobResult {
  readonly accepted: number;
  readonly duplicate: number;
  readonly parked: number;
  readonly deadLetters: number;
  /** Every event that is not listed here was accepted. */
  readonly others: readonly OtherOutcome[];
}

/** Counts the outcomes of a job's events, given in their order. */
export function summarize(outcomes: readonly EventOutcome[], ids: readonly string[]): UsageJobResult {
  const counts = { accepted: 0, duplicate: 0, parked: 0, 'dead-letter': 0 };
  const others: OtherOutcome[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    counts[outcome.outcome] += 1;
    if (outcome.outcome !== 'accepted') others.push({ index, id: ids[index]!, ...outcome });
  }
  return {
    accepted: counts.accepted,
    duplicate: counts.duplicate,
    parked: counts.parked,
    deadLetters: counts['dead-letter'],
    others,
  };
}

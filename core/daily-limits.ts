/**
 * A server's daily limit (rule 8): what it says of the server, given what the server's events of today cost. The day is
 * the account's local one, and the cost counts whether it was covered or not.
 * Invariant: the answer depends on today's cost and the limit alone, so changing either re-decides at once.
 */
import { percentOf } from './thresholds.ts';

export type DailyLimit = {
  /** In µcr; `undefined`: no limit. 0 limits the server at once. */
  readonly dailyCredits: bigint | undefined;
  /** Of the limit; `undefined`: no warning. */
  readonly warnAtPercent: number | undefined;
};

/** `limited`: the limit is reached; `warned`: the share that warns is reached (true of a limited server with a warning too). */
export type LimitState = { readonly limited: boolean; readonly warned: boolean };

/** What a limit says when the server's events of the local day have cost `spentToday` µcr. */
export const limitState = (limit: DailyLimit, spentToday: bigint): LimitState => {
  const { dailyCredits, warnAtPercent } = limit;
  if (dailyCredits === undefined) return { limited: false, warned: false };
  return {
    limited: spentToday >= dailyCredits,
    warned: warnAtPercent !== undefined && spentToday >= percentOf(dailyCredits, warnAtPercent),
  };
};

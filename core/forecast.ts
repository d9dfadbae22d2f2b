/**
 * When the credits run out (rule 9, `runway`): at the mean of the last 7 local days, before the next grant comes.
 * The days are complete ones, before today: a morning is not a day's pace. Owns the arithmetic; gathering the days is
 * the ledger's work. Invariant: with under 2 days of data nothing is forecast.
 */
import { DAY_MS } from './limits.ts';

/** Complete local days that the mean is taken over. */
export const FORECAST_DAYS_MAX = 7;
/** Fewer complete days of data than this say nothing. */
export const FORECAST_DAYS_MIN = 2;

export type Forecast = {
  /** Complete days the mean was taken over: from the account's first day of usage on, at most 7. */
  readonly days: number;
  /** What those days cost together, in µcr; `undefined` when there are too few of them. */
  readonly spent: bigint | undefined;
  /** When the credits end at that pace, if that is before the reset. */
  readonly runsOutAtMs: number | undefined;
  readonly runsOutBeforeReset: boolean;
};

/** Nothing is known yet. */
export const NO_FORECAST: Forecast = { days: 0, spent: undefined, runsOutAtMs: undefined, runsOutBeforeReset: false };

/** How many complete days of data there are today: days since the first day of usage, at most 7. */
export const daysOfData = (firstDay: number | undefined, today: number): number =>
  firstDay === undefined ? 0 : Math.max(0, Math.min(FORECAST_DAYS_MAX, today - firstDay));

/**
 * `dailyCosts`: the cost of each of the last complete local days with data, in µcr (up to 7; see `daysOfData`);
 * `remaining`: monthly plus bonus; `endMs`: when the running cycle ends and the next grant comes.
 */
export const forecast = (facts: {
  readonly dailyCosts: readonly bigint[];
  readonly remaining: bigint;
  readonly nowMs: number;
  readonly endMs: number;
}): Forecast =>
  forecastOf({
    ...facts,
    days: facts.dailyCosts.length,
    spent: facts.dailyCosts.reduce((sum, cost) => sum + cost, 0n),
  });

/** The same of `days` complete days that cost `spent` together. */
export const forecastOf = (facts: {
  readonly days: number;
  readonly spent: bigint | undefined;
  readonly remaining: bigint;
  readonly nowMs: number;
  readonly endMs: number;
}): Forecast => {
  const { days, spent } = facts;
  if (days < FORECAST_DAYS_MIN || spent === undefined) return { ...NO_FORECAST, days };
  if (spent <= 0n) return { days, spent: 0n, runsOutAtMs: undefined, runsOutBeforeReset: false };
  const lastsMs = (facts.remaining * BigInt(days) * BigInt(DAY_MS)) / spent;
  const runsOutBeforeReset = BigInt(facts.nowMs) + lastsMs < BigInt(facts.endMs);
  return {
    days,
    spent,
    runsOutAtMs: runsOutBeforeReset ? facts.nowMs + Number(lastsMs) : undefined,
    runsOutBeforeReset,
  };
};

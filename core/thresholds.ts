/**
 * Low-credit alerts (rule 9): at what level each one stands, when it fires and when it is armed again. Pure decisions
 * on amounts; who is told, and when, is decided elsewhere. `remaining` is monthly plus bonus.
 * Invariant: an alert fires only when armed, and is armed again only clearly above its level, so flapping fires once.
 */
import type { Forecast } from './forecast.ts';
import { MICROS_PER_CREDIT, type Micros } from './money.ts';
import type { Alert } from './types.ts';

/** Where an alert stands now: fires at `threshold` or below, unless `mayFire` is false (no run-out before the reset). */
export type Level = { readonly threshold: bigint; readonly mayFire: boolean };

/** What the levels depend on: this cycle's grant, and the forecast (needed by `runway` alone). */
export type AlertFacts = { readonly granted: bigint; readonly forecast: Forecast };

export type AlertState = 'armed' | 'fired';

/** `low` in a balance's state, and the built-in alert of the same name. */
export const LOW_PERCENT = 20;

/** The two alerts every account has without asking. A name space of their own: an account's alert may be called `low` too. */
export const BUILT_IN_ALERTS: readonly Alert[] = [
  { id: 'low', kind: 'percent', percent: LOW_PERCENT },
  { id: 'depleted', kind: 'absolute', credits: 0n as Micros },
];

/** `percent` (up to two decimals) of an amount, rounded down: at or below it means the same as for the exact share. */
export const percentOf = (amount: bigint, percent: number): bigint => (amount * hundredths(percent)) / 10_000n;

/** An alert's level, or `undefined` while it is off: percent of a grant of 0, runway with too little data. */
export const levelOf = (alert: Alert, facts: AlertFacts): Level | undefined => {
  if (alert.kind === 'absolute') return { threshold: alert.credits, mayFire: true };
  if (alert.kind === 'percent') {
    return facts.granted === 0n ? undefined : { threshold: percentOf(facts.granted, alert.percent), mayFire: true };
  }
  const { spent, days, runsOutBeforeReset } = facts.forecast;
  if (spent === undefined) return undefined;
  // remaining ≤ days × mean is "lasts that long or less", and gives runway the hysteresis of the other kinds.
  return { threshold: (spent * hundredths(alert.days)) / (BigInt(days) * 100n), mayFire: runsOutBeforeReset };
};

/** Whether an alert set now starts as fired, silently. */
export const isCrossed = (level: Level | undefined, remaining: bigint): boolean =>
  level?.mayFire === true && remaining <= level.threshold;

/** From here up an alert is armed again: the threshold plus the larger of 1 credit and 5 % of it (rounded up). */
export const rearmLevel = (threshold: bigint): bigint => {
  const twentieth = (threshold + 19n) / 20n;
  return threshold + (twentieth > MICROS_PER_CREDIT ? twentieth : MICROS_PER_CREDIT);
};

/** The state after `remaining` or the level changed. An alert that is off keeps its state. */
export const nextState = (state: AlertState, level: Level | undefined, remaining: bigint): AlertState => {
  if (level === undefined) return state;
  if (state === 'armed') return isCrossed(level, remaining) ? 'fired' : 'armed';
  return remaining >= rearmLevel(level.threshold) ? 'armed' : 'fired';
};

/**
 * Order of severity of alerts crossed in one commit, for `sort`: the lowest threshold first (depleted is 0), and at the
 * same threshold a statement about credits before one about the pace.
 */
export const bySeverity = (a: Crossed, b: Crossed): number => {
  if (a.threshold !== b.threshold) return a.threshold < b.threshold ? -1 : 1;
  return Number(a.alert.kind === 'runway') - Number(b.alert.kind === 'runway');
};

export type Crossed = { readonly alert: Alert; readonly threshold: bigint };

/** Whether two alerts say the same, whatever they are called: then the state of one is kept for the other (rule 9). */
export const sameRule = (a: Alert, b: Alert): boolean => a.kind === b.kind && numberOf(a) === numberOf(b);

const numberOf = (alert: Alert): bigint | number => {
  if (alert.kind === 'absolute') return alert.credits;
  return alert.kind === 'percent' ? alert.percent : alert.days;
};

const hundredths = (value: number): bigint => BigInt(Math.round(value * 100));

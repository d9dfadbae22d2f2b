/** Rule 9: levels of every kind, firing, hysteresis, severity. Amounts in the table are credits. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { forecast, NO_FORECAST } from '../../core/forecast.ts';
import { DAY_MS } from '../../core/limits.ts';
import { MICROS_MAX, type Micros } from '../../core/money.ts';
import {
  type AlertState,
  BUILT_IN_ALERTS,
  bySeverity,
  isCrossed,
  levelOf,
  nextState,
  percentOf,
  rearmLevel,
  sameRule,
} from '../../core/thresholds.ts';
import type { Alert } from '../../core/types.ts';

const credits = (n: number) => BigInt(Math.round(n * 1_000_000)) as Micros;
const absolute = (n: number): Alert => ({ id: 'a', kind: 'absolute', credits: credits(n) });
const percent = (n: number): Alert => ({ id: 'p', kind: 'percent', percent: n });
const runway = (days: number): Alert => ({ id: 'r', kind: 'runway', days });
const week = (perDay: number, remaining: number, endInDays: number) =>
  forecast({
    dailyCosts: Array(7).fill(credits(perDay)),
    remaining: credits(remaining),
    nowMs: 0,
    endMs: endInDays * DAY_MS,
  });

describe('levels', () => {
  test('every account has two', () => {
    const levels = BUILT_IN_ALERTS.map((alert) => levelOf(alert, { granted: credits(100), forecast: NO_FORECAST }));
    expect(levels.map((level) => level?.threshold)).toEqual([credits(20), 0n]);
  });

  test.each([
    { alert: absolute(5), granted: 0, threshold: credits(5) },
    { alert: percent(20), granted: 100, threshold: credits(20) },
    { alert: percent(12.5), granted: 100, threshold: credits(12.5) },
    { alert: percent(20), granted: 0, threshold: undefined }, // off when nothing was granted
    { alert: runway(3), granted: 100, threshold: undefined }, // too little data
  ])('$alert.kind of a grant of $granted', ({ alert, granted, threshold }) => {
    expect(levelOf(alert, { granted: credits(granted), forecast: NO_FORECAST })?.threshold).toBe(threshold);
  });

  test('a runway of 3 days at 10 credits a day is a level of 30 credits', () => {
    const facts = { granted: 0n, forecast: week(10, 25, 20) };
    expect(levelOf(runway(3), facts)).toEqual({ threshold: credits(30), mayFire: true });
    expect(isCrossed(levelOf(runway(3), facts), credits(25))).toBe(true);
    expect(isCrossed(levelOf(runway(2), facts), credits(25))).toBe(false);
  });

  test('no run-out before the reset, no alert', () => {
    expect(levelOf(runway(3), { granted: 0n, forecast: week(10, 25, 2.5) })?.mayFire).toBe(false); // ends as the grant comes
    expect(levelOf(runway(3), { granted: 0n, forecast: week(10, 25, 2.6) })?.mayFire).toBe(true);
  });
});

describe('firing and arming', () => {
  test.each<[string, AlertState, number, number, AlertState]>([
    ['above', 'armed', 50, 50.000001, 'armed'],
    ['at the threshold', 'armed', 50, 50, 'fired'],
    ['below', 'armed', 50, 0, 'fired'],
    ['fires once', 'fired', 50, 10, 'fired'],
    ['5 % of 50 above', 'fired', 50, 52.5, 'armed'],
    ['a µcr less', 'fired', 50, 52.499999, 'fired'],
    ['1 credit above where 5 % is less', 'fired', 10, 11, 'armed'],
    ['a µcr less', 'fired', 10, 10.999999, 'fired'],
    ['a fraction of a µcr is rounded up', 'fired', 50.000001, 52.500002, 'armed'],
    ['and not down', 'fired', 50.000001, 52.500001, 'fired'],
    ['depleted', 'armed', 0, 0, 'fired'],
    ['less than a credit does not arm depleted', 'fired', 0, 0.999999, 'fired'],
    ['a credit does', 'fired', 0, 1, 'armed'],
  ])('%s', (_what, state, threshold, remaining, expected) => {
    expect(nextState(state, { threshold: credits(threshold), mayFire: true }, credits(remaining))).toBe(expected);
  });

  test('an alert that is off keeps its state', () => {
    expect(nextState('armed', undefined, 0n)).toBe('armed');
    expect(nextState('fired', undefined, credits(9))).toBe('fired');
  });

  test('flapping around the threshold fires once', () => {
    let state: AlertState = 'armed';
    let fired = 0;
    for (let i = 0; i < 1000; i += 1) {
      const next = nextState(state, { threshold: credits(50), mayFire: true }, credits(i % 2 === 0 ? 49.9 : 50.1));
      if (state === 'armed' && next === 'fired') fired += 1;
      state = next;
    }
    expect(fired).toBe(1);
  });

  test('is armed again exactly from the larger of 1 credit and 5 % above, in exact fractions', () => {
    const amount = fc.bigInt({ min: 0n, max: MICROS_MAX });
    fc.assert(
      fc.property(amount, amount, (threshold, remaining) => {
        const above = remaining - threshold;
        const armed = above >= 1_000_000n && above * 20n >= threshold;
        expect(remaining >= rearmLevel(threshold)).toBe(armed);
      }),
    );
  });

  test('a share of an amount is met exactly when the amounts say so', () => {
    const whole = fc.integer({ min: 1, max: 10_000 });
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: MICROS_MAX }),
        whole,
        fc.bigInt({ min: 0n, max: MICROS_MAX }),
        (granted, p, left) => {
          expect(left <= percentOf(granted, p / 100)).toBe(left * 10_000n <= granted * BigInt(p));
        },
      ),
    );
  });
});

test('the most severe first: the lowest threshold, and credits before pace', () => {
  const crossed = [
    { alert: percent(20), threshold: credits(20) },
    { alert: runway(3), threshold: credits(5) },
    { alert: absolute(5), threshold: credits(5) },
    { alert: absolute(0), threshold: 0n },
  ];
  expect(crossed.sort(bySeverity).map(({ alert }) => [alert.kind, alert.id])).toEqual([
    ['absolute', 'a'],
    ['absolute', 'a'],
    ['runway', 'r'],
    ['percent', 'p'],
  ]);
  expect(crossed[0]?.threshold).toBe(0n);
});

test.each<[string, Alert, Alert, boolean]>([
  ['the same again', absolute(5), absolute(5), true],
  ['another number', absolute(5), absolute(6), false],
  ['another kind', percent(5), runway(5), false],
  ['another kind under the same id', { ...percent(5), id: 'x' }, { ...runway(5), id: 'x' }, false],
  ['another name', percent(5), { ...percent(5), id: 'x' }, true],
])('an alert keeps its state only when unchanged: %s', (_what, one, other, same) => {
  expect(sameRule(one, other)).toBe(same);
});

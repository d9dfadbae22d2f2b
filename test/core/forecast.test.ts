/** Runway (rule 9): when the credits end at the mean of the last complete days, and when nothing can be said. */
import { describe, expect, test } from '@jest/globals';
import { daysOfData, FORECAST_DAYS_MAX, forecast } from '../../core/forecast.ts';
import { DAY_MS } from '../../core/limits.ts';

const nowMs = Date.UTC(2026, 5, 10, 12);
const ask = (dailyCosts: bigint[], remaining: bigint, endInDays: number) =>
  forecast({ dailyCosts, remaining, nowMs, endMs: nowMs + endInDays * DAY_MS });

test.each([
  { costs: [], says: 'no day' },
  { costs: [100n], says: 'one day' },
])('silent with $says of data', ({ costs }) => {
  expect(ask(costs, 1n, 20)).toMatchObject({ spent: undefined, runsOutAtMs: undefined, runsOutBeforeReset: false });
});

test('at 10 a day, 25 last two and a half days', () => {
  expect(ask([20n, 0n], 25n, 20)).toEqual({
    days: 2,
    spent: 20n,
    runsOutAtMs: nowMs + 2.5 * DAY_MS,
    runsOutBeforeReset: true,
  });
});

test('credits that last until the reset do not run out', () => {
  expect(ask([10n, 10n], 25n, 2.5)).toMatchObject({ runsOutBeforeReset: false, runsOutAtMs: undefined });
  expect(ask([10n, 10n], 25n, 2.51).runsOutBeforeReset).toBe(true);
});

test('nothing spent, nothing runs out, even with nothing left', () => {
  expect(ask([0n, 0n, 0n], 0n, 5)).toMatchObject({ days: 3, spent: 0n, runsOutBeforeReset: false });
});

test('amounts near the maximum stay exact', () => {
  const day = 2n ** 50n;
  expect(ask(Array(7).fill(day), 2n ** 53n - 8n, 20).runsOutAtMs).toBe(nowMs + 8 * DAY_MS - 1);
});

describe('days of data', () => {
  test.each([
    ['no usage yet', undefined, 100, 0],
    ['first used today', 100, 100, 0],
    ['first used yesterday', 99, 100, 1],
    ['a week ago', 93, 100, FORECAST_DAYS_MAX],
    ['long ago', 3, 100, FORECAST_DAYS_MAX],
    ['an event stamped just past midnight', 101, 100, 0],
  ])('%s', (_what, first, today, days) => {
    expect(daysOfData(first, today)).toBe(days);
  });
});

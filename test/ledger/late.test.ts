/** Rule 5 on the real ledger, at its edges: which late event the cycle before still pays for, and what comes of the rest. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { freshRedis } from '../support/engines.ts';
import type { RealLedger } from './real-ledger.ts';
import { event, START_MS, upsert } from './samples.ts';
import { openStage } from './stage.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Cycle 1 of an account in UTC is January; what was left of it expires here. */
const END_MS = Date.parse('2026-02-01T00:00:00Z');
const GRANT = 1_000_000;
/** Left of January. */
const LEFT = 400_000;

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

/** January is over, `LEFT` of it has expired, and the clock is two days on. */
async function february(): Promise<RealLedger> {
  const real = await openStage(redis);
  await real.command(upsert(), START_MS);
  await real.events([{ event: event({ tokens: GRANT - LEFT }), queuedAt: START_MS }]);
  await real.setClock(END_MS + 2 * DAY_MS);
  return real;
}

/** Sends one event of `tokens` µcr and tells what each cycle has paid for it. */
async function paid(
  real: RealLedger,
  { occurredAt, queuedAt, tokens = 1_000 }: { occurredAt: number; queuedAt: number; tokens?: number },
): Promise<{ january: number; february: number }> {
  expect(await real.events([{ event: event({ occurredAt, tokens }), queuedAt }])).toEqual([{ outcome: 'accepted' }]);
  const entries = await real.entries();
  const reversed = entries.filter(({ kind }) => kind === 'expiry-reversed');
  const account = await real.account('a');
  return { january: reversed.reduce((sum, { monthly }) => sum + monthly, 0), february: GRANT - account!.monthly };
}

describe('the cycle before pays', () => {
  const JANUARY = { january: 1_000, february: 0 };
  const FEBRUARY = { january: 0, february: 1_000 };

  test.each([
    ['its last instant, queued a millisecond under a day late', END_MS - 1, END_MS + DAY_MS - 1, JANUARY],
    ['its last instant, queued a day late', END_MS - 1, END_MS + DAY_MS, FEBRUARY],
    ['the first instant of the next', END_MS, END_MS + HOUR_MS, FEBRUARY],
    ['its first instant', Date.parse('2026-01-01T00:00:00Z'), END_MS, JANUARY],
    ['the cycle before it', Date.parse('2025-12-31T23:59:59.999Z'), END_MS, FEBRUARY],
  ])('%s', async (_what, occurredAt, queuedAt, expected) => {
    expect(await paid(await february(), { occurredAt, queuedAt })).toEqual(expected);
  });

  test('as far as something was left of it, and this one beyond that', async () => {
    const real = await february();
    const late = { occurredAt: END_MS - 1, queuedAt: END_MS };
    expect(await paid(real, { ...late, tokens: LEFT + 5 })).toEqual({ january: LEFT, february: 5 });
    expect(await paid(real, { ...late, tokens: 7 })).toEqual({ january: LEFT, february: 12 });
  });

  test('not once another cycle has ended: expired credits come back in no other way', async () => {
    const real = await february();
    await real.setClock(Date.parse('2026-03-01T00:00:00Z'));
    // Within ACCEPT_DAYS, and queued in time, but January is not the cycle before any more.
    expect(await paid(real, { occurredAt: END_MS - 1, queuedAt: END_MS })).toEqual(FEBRUARY);
  });
});

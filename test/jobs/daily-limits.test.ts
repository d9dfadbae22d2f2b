/**
 * The scheduled job `daily-limits`: the platform hears of a release at the local midnight, also where a day has 23 or 25
 * hours, and no account is looked at for ever.
 */
import { describe, expect, test } from '@jest/globals';
import { micros } from '../../core/money.ts';
import { runJob } from '../../jobs/run-job.ts';
import { readAlertStates } from '../../ledger/alerts.ts';
import { createGate } from '../../ledger/gate.ts';
import { RealLedger } from '../ledger/real-ledger.ts';
import { alerts, BOOK, event, START_MS, serverLimit, upsert, voidOf } from '../ledger/samples.ts';
import { dump, openStage, outcomes } from '../ledger/stage.ts';
import { freshRedis } from '../support/engines.ts';
import { heard, toolsOf, untouched } from './tools.ts';

const redis = await freshRedis();
const HOUR_MS = 3_600_000;
/** Of accounts in UTC: the end of the day that stories start on. */
const MIDNIGHT = Date.parse('2026-01-16T00:00:00Z');
const CREDIT = 1_000_000;

const run = (real: RealLedger, now?: number) =>
  runJob('daily-limits', toolsOf(real.context), now === undefined ? {} : { now });

/** The server events so far, as `type server at`. */
async function serverEvents(real: RealLedger): Promise<string[]> {
  const told = (await heard(real)).filter(({ serverId }) => serverId !== undefined);
  return told.map(({ type, serverId, at }) => `${type} ${serverId} ${new Date(at as number).toISOString()}`);
}

/** An account whose server `srv` has reached its limit of the day. */
async function openLimited(): Promise<RealLedger> {
  const real = await openStage(redis);
  await real.command(upsert(), START_MS);
  await real.command(serverLimit('srv'), START_MS);
  await outcomes(real, [event({ tokens: 9_000 })]);
  return real;
}

describe('at local midnight', () => {
  test('a limited server is released, once, whoever runs the job; a millisecond before, nothing is', async () => {
    const real = await openLimited();
    const other = await RealLedger.open(await freshRedis(), real.context.keys.tag, START_MS, BOOK);
    await real.setClock(MIDNIGHT - 1);
    const before = await untouched(real);
    expect(await run(real)).toMatchObject({ summary: '0 account(s) looked at whose local day has ended.' });
    expect(await untouched(real)).toEqual(before);
    await real.setClock(MIDNIGHT);
    await Promise.all([run(real), run(other), run(real)]);
    expect(await serverEvents(real)).toEqual([
      'server.limited srv 2026-01-15T12:30:00.000Z',
      'server.released srv 2026-01-16T00:00:00.000Z',
    ]);
    expect(await run(real)).toMatchObject({ summary: '0 account(s) looked at whose local day has ended.' });
  });

  test('after three days it is released when the job comes, and limits are decided by the day that it is then', async () => {
    const real = await openLimited();
    const late = MIDNIGHT + 3 * 86_400_000;
    await real.setClock(late);
    expect(await run(real)).toMatchObject({ ok: true, summary: '1 account(s) looked at whose local day has ended.' });
    expect((await serverEvents(real)).at(-1)).toBe(`server.released srv ${new Date(late).toISOString()}`);
    await outcomes(real, [event({ tokens: 9_000, occurredAt: late })], late);
    expect((await serverEvents(real)).at(-1)).toBe(`server.limited srv ${new Date(late).toISOString()}`);
  });

  test('what was used of the new day already limits again at once', async () => {
    const real = await openLimited();
    await real.setClock(MIDNIGHT - 60_000);
    await outcomes(real, [event({ tokens: 9_000, occurredAt: MIDNIGHT + 1_000 })], MIDNIGHT - 60_000);
    await real.setClock(MIDNIGHT);
    await run(real);
    expect(await serverEvents(real)).toHaveLength(1); // limited it was, limited it stays
    const gate = createGate({ redis, prefix: real.context.keys.tag, priceBook: BOOK });
    expect(await gate.check({ accountId: 'a', serverId: 'srv' })).toEqual({ allow: false, reason: 'daily-limit' });
  });

  test('a forecast goes by the days before the new one: an alert fires without an event', async () => {
    const real = await openStage(redis);
    await real.command(upsert({ monthly: 100 * CREDIT }), START_MS);
    await real.command({ ...alerts(0), alerts: [{ id: 'r', kind: 'runway', days: 3 }] }, START_MS);
    await outcomes(real, [event({ tokens: 1 })]);
    await real.setClock(MIDNIGHT + HOUR_MS);
    await run(real);
    await outcomes(real, [event({ tokens: 70 * CREDIT, occurredAt: MIDNIGHT + HOUR_MS })], MIDNIGHT + HOUR_MS);
    const state = async () => (await readAlertStates(real.context, 'a'))!.alerts.find(({ alert }) => alert.id === 'r');
    expect(await state()).toMatchObject({ state: 'armed' });
    await real.setClock(MIDNIGHT + 24 * HOUR_MS);
    await run(real);
    // 70 credits in two days, and 30 left: they last for less than a day.
    expect(await state()).toMatchObject({ state: 'fired' });
  });
});

describe('nobody is looked at for ever', () => {
  test('accounts that are not known, or that nothing hangs on any more, leave the index', async () => {
    const real = await openLimited();
    await real.command(upsert({ accountId: 'b' }), START_MS);
    const { midnights } = real.context.keys;
    await redis.zadd(midnights, MIDNIGHT, 'b', MIDNIGHT - 1, 'nobody');
    await real.setClock(MIDNIGHT);
    expect(await run(real)).toMatchObject({
      ok: true,
      summary: '3 account(s) looked at whose local day has ended; 1 listed account(s) are not known.',
    });
    expect(await redis.zrange(midnights, '0', '-1')).toEqual([]);
  });

  test('an account that still is watched comes again at its next midnight', async () => {
    const real = await openLimited();
    await real.command({ ...alerts(0), alerts: [{ id: 'r', kind: 'runway', days: 3 }] }, START_MS);
    await real.setClock(MIDNIGHT + HOUR_MS);
    await run(real);
    expect(await redis.zscore(real.context.keys.midnights, 'a')).toBe(String(MIDNIGHT + 24 * HOUR_MS));
  });

  test('one whose midnight stands wrong is put right', async () => {
    const real = await openLimited();
    const { midnights } = real.context.keys;
    await redis.zadd(midnights, START_MS - 5, 'a');
    await run(real);
    expect(await redis.zscore(midnights, 'a')).toBe(String(MIDNIGHT));
    expect(await serverEvents(real)).toHaveLength(1);
  });
});

test('ahead of the clock it tells who would be looked at, and changes nothing', async () => {
  const real = await openLimited();
  const before = await dump(real);
  expect(await run(real, MIDNIGHT)).toMatchObject({
    dryRun: true,
    summary: '1 account(s) whose local day ends would be looked at.',
    rows: [{ account: 'a', when: '2026-01-16T00:00:00.000Z' }],
  });
  expect(await dump(real)).toEqual(before);
});

/** Local midnights of America/New_York around both changes of the clocks in 2026. */
const NEW_YORK: readonly [string, string, string][] = [
  ['the day before the clocks go forward', '2026-03-07T05:00:00Z', '2026-03-08T05:00:00Z'],
  ['8 March, 23 hours long', '2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z'],
  ['the day after it', '2026-03-09T04:00:00Z', '2026-03-10T04:00:00Z'],
  ['the day before they go back', '2026-10-31T04:00:00Z', '2026-11-01T04:00:00Z'],
  ['1 November, 25 hours long', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
  ['the day after it', '2026-11-02T05:00:00Z', '2026-11-03T05:00:00Z'],
];

describe('100 credits a day in America/New_York', () => {
  test.each(NEW_YORK)('%s', async (_, from, to) => {
    const [start, midnight] = [Date.parse(from), Date.parse(to)];
    const real = await openStage(redis, BOOK, start - HOUR_MS);
    const zone = { timeZone: 'America/New_York', anchor: '2026-01-15T00:00:00', monthly: 1_000 * CREDIT };
    await real.command(upsert(zone), start - HOUR_MS);
    await real.command(serverLimit('srv', { dailyCredits: micros(100 * CREDIT) }), start - HOUR_MS);
    const gate = createGate({ redis, prefix: real.context.keys.tag, priceBook: BOOK });
    const answer = async (): Promise<string> => {
      const told = await gate.check({ accountId: 'a', serverId: 'srv' });
      return told.allow ? 'allow' : told.reason;
    };
    const spend = (tokens: number, occurredAt: number) => outcomes(real, [event({ tokens, occurredAt })], occurredAt);
    // The last millisecond of the day before is not of this day; its first and its last are.
    await real.setClock(start);
    await spend(50 * CREDIT, start - 1);
    await spend(60 * CREDIT, start);
    expect(await answer()).toBe('allow');
    await real.setClock(midnight - 1);
    await spend(40 * CREDIT - 1, midnight - 1);
    expect(await answer()).toBe('allow');
    const last = event({ tokens: 1, occurredAt: midnight - 1 });
    await outcomes(real, [last], midnight - 1);
    expect(await answer()).toBe('daily-limit');
    const limited = `server.limited srv ${new Date(midnight - 1).toISOString()}`;
    await run(real);
    expect(await answer()).toBe('daily-limit');
    expect(await serverEvents(real)).toEqual([limited]);
    // At midnight the gate allows by itself; the job tells it.
    await real.setClock(midnight);
    expect(await answer()).toBe('allow');
    await run(real);
    expect(await answer()).toBe('allow');
    expect(await serverEvents(real)).toEqual([limited, `server.released srv ${new Date(midnight).toISOString()}`]);
    // A void of the day that is over changes nothing any more.
    await real.command(voidOf(last.id), midnight);
    expect(await serverEvents(real)).toHaveLength(2);
    // Its other end: 100 credits of the new day from its first instant on.
    await spend(100 * CREDIT, midnight);
    expect(await answer()).toBe('daily-limit');
    expect((await serverEvents(real)).at(-1)).toBe(`server.limited srv ${new Date(midnight).toISOString()}`);
  });
});

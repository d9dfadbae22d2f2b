/** A server's day (rule 8): what its events cost on the account's running local day and the next one, and nothing else. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { freshRedis } from '../support/engines.ts';
import type { RealLedger } from './real-ledger.ts';
import { event, START_MS, serverLimit, upsert } from './samples.ts';
import { openStage, outcomes } from './stage.ts';

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

/** The record of a server, and the day of the date it is for. */
async function record(real: RealLedger, serverId = 'srv') {
  const { keys } = real.context;
  const bytes = await redis.hgetBuffer(keys.account('a'), `s:${serverId}`);
  if (bytes === null) return undefined;
  const [day, used, next, limit, warn, at] = [0, 8, 16, 24, 32, 40].map((i) => bytes.readDoubleLE(i));
  return { date: new Date(day! * 86_400_000).toISOString().slice(0, 10), used, next, limit, warn, at };
}

async function openAt(
  time: string,
  timeZone: string,
): Promise<{ real: RealLedger; at: (time: string) => Promise<void> }> {
  const real = await openStage(redis);
  const at = (text: string): Promise<void> => real.setClock(Date.parse(text));
  await at(time);
  await real.command(upsert({ timeZone, monthly: 100_000_000 }), Date.parse(time));
  return { real, at };
}

const spend = async (real: RealLedger, occurredAt: string, tokens: number, serverId = 'srv'): Promise<void> => {
  const clock = Date.parse(occurredAt);
  expect(await outcomes(real, [event({ occurredAt: clock, tokens, serverId })], clock)).toEqual(['accepted']);
};

describe('by the local day of occurredAt', () => {
  // 23:58 in Berlin; the spring night in which its day has 23 hours; noon in the zone of the largest offset.
  test.each([
    ['Europe/Berlin', '2026-01-15T22:58:00Z', '2026-01-15', '2026-01-15T23:02:00Z'],
    ['Europe/Berlin', '2026-03-29T21:58:00Z', '2026-03-29', '2026-03-29T22:02:00Z'],
    ['Pacific/Kiritimati', '2026-01-15T09:58:00Z', '2026-01-15', '2026-01-15T10:02:00Z'],
    ['America/St_Johns', '2026-01-16T03:27:00Z', '2026-01-15', '2026-01-16T03:31:00Z'],
  ])('%s: before midnight counts today, after it tomorrow, yesterday not at all', async (zone, clock, date, next) => {
    const { real, at } = await openAt(clock, zone);
    await spend(real, clock, 10);
    await spend(real, next, 3); // ahead of the clock by less than 5 minutes
    await spend(real, new Date(Date.parse(clock) - 86_400_000).toISOString(), 500);
    await spend(real, clock, 7, 'other');
    expect(await record(real)).toMatchObject({ date, used: 10, next: 3 });
    expect(await record(real, 'other')).toMatchObject({ date, used: 7, next: 0 });

    await at(next);
    await spend(real, next, 4);
    await spend(real, clock, 900); // late: of the day before
    const tomorrow = new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
    expect(await record(real)).toMatchObject({ date: tomorrow, used: 7, next: 0 });
    expect(await record(real, 'other')).toMatchObject({ date, used: 7 }); // untouched until it is needed
  });
});

test('days without an event are passed over', async () => {
  const { real, at } = await openAt('2026-01-15T23:58:00Z', 'UTC');
  await spend(real, '2026-01-15T23:58:00Z', 10);
  await spend(real, '2026-01-16T00:01:00Z', 20);
  for (const [time, used] of [
    ['2026-01-17T08:00:00Z', 1],
    ['2026-01-25T08:00:00Z', 2],
    ['2026-05-01T08:00:00Z', 3],
  ] as const) {
    await at(time);
    await spend(real, time, used);
    expect(await record(real)).toMatchObject({ date: time.slice(0, 10), used, next: 0 });
  }
});

test('a limit keeps the day, and events keep the limit', async () => {
  const { real } = await openAt('2026-01-15T12:30:00Z', 'UTC');
  await spend(real, '2026-01-15T12:30:00Z', 10);
  await real.command(serverLimit('srv', { warnAtPercent: 80 }), START_MS);
  expect(await record(real)).toEqual({ date: '2026-01-15', used: 10, next: 0, limit: 9_000, warn: 80, at: START_MS });
  await spend(real, '2026-01-15T12:30:00Z', 5);
  await real.command(serverLimit('srv', { dailyCredits: undefined, warnAtPercent: null, at: START_MS - 1 }), START_MS);
  expect(await record(real)).toMatchObject({ used: 15, limit: 9_000, warn: 80 }); // older than the one applied
  await real.command(serverLimit('srv', { dailyCredits: undefined, warnAtPercent: null }), START_MS);
  expect(await record(real)).toMatchObject({ used: 15, limit: 9_000, warn: -1 });
  await real.command(serverLimit('srv', { dailyCredits: null }), START_MS);
  expect(await record(real)).toMatchObject({ used: 15, limit: -1, warn: -1 });
});

test('a date that comes twice, because the zone changed with the cycle, goes on from what was used', async () => {
  const { real, at } = await openAt('2026-01-31T22:30:00Z', 'Pacific/Auckland'); // 1 February there: cycle 2 runs
  const cycle = (await real.account('a'))!;
  await real.command(upsert({ timeZone: 'Pacific/Pago_Pago', monthly: 100_000_000 }), cycle.asOf);
  const last = new Date(cycle.stop - 1).toISOString();
  const first = new Date(cycle.stop).toISOString();
  await at(last);
  await spend(real, last, 10);
  const before = (await record(real))!;
  await at(first);
  await spend(real, first, 1);
  // Auckland is 24 hours ahead of Pago Pago in the southern summer: midnight there is midnight here, a day earlier.
  expect([before.date, (await record(real))!.date]).toEqual(['2026-02-28', '2026-02-28']);
  expect(await record(real)).toMatchObject({ used: 11, next: 0 });
});

test('free events count nothing', async () => {
  const { real } = await openAt('2026-01-15T12:30:00Z', 'UTC');
  expect(await outcomes(real, [event({ keySource: 'byok', tokens: 50 })])).toEqual(['accepted']);
  expect(await record(real)).toMatchObject({ used: 0, next: 0 });
});

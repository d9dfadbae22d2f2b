/** What the ledger decides beside balances, where random histories meet it rarely: each kind of cause and of mail once. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { DAY_MS } from '../../core/limits.ts';
import { micros } from '../../core/money.ts';
import { readAlertStates } from '../../ledger/alerts.ts';
import { freshRedis } from '../support/engines.ts';
import type { RealLedger } from './real-ledger.ts';
import { alerts, event, purchase, refund, START_MS, serverLimit, upsert } from './samples.ts';
import { lines, openStage } from './stage.ts';
import { reviewAll, sendMails, watchedOf } from './watched.ts';

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

const CREDIT = 1_000_000;
const HUNDRED = 100 * CREDIT;

/** Calls of account `a`, one commit each, of so many credits. */
async function call(real: RealLedger, credits: number, at = START_MS): Promise<void> {
  const one = event({ tokens: credits * CREDIT, occurredAt: at });
  expect(await real.events([{ event: one, queuedAt: at }])).toMatchObject([{ outcome: 'accepted' }]);
}

async function openAccount(monthly = HUNDRED): Promise<RealLedger> {
  const real = await openStage(redis);
  await real.command(upsert({ monthly }), START_MS);
  return real;
}

const mailsOf = async (real: RealLedger): Promise<string[]> => (await watchedOf(real, 'a'))!.mails;
const crossingsOf = async (real: RealLedger) => (await watchedOf(real, 'a'))!.crossings;

test('a refund crosses a threshold as a call does, and says which command it was', async () => {
  const real = await openAccount();
  const bought = purchase({ amount: 30 * CREDIT });
  await real.command(bought, START_MS);
  await real.command(alerts(110 * CREDIT), START_MS);
  const back = refund(bought.id, 25 * CREDIT);
  await real.command(back, START_MS);
  expect(await crossingsOf(real)).toMatchObject([{ alertId: `at-${110 * CREDIT}`, by: 'command', ref: back.id }]);
  expect(await mailsOf(real)).toContain(`low-credits own:at-${110 * CREDIT} decided`);
});

test('a runway alert fires at the look of a job, on the day that makes the pace known', async () => {
  const real = await openAccount();
  const soon = { id: 'soon', kind: 'runway' as const, days: 3 };
  await real.command({ ...alerts(1), alerts: [soon] }, START_MS);
  await call(real, 70);
  await real.setClock(START_MS + DAY_MS);
  await reviewAll(real, 0);
  expect(await crossingsOf(real)).toEqual([]); // one complete day says nothing
  await real.setClock(START_MS + 2 * DAY_MS);
  await reviewAll(real, 0);
  expect(await crossingsOf(real)).toMatchObject([{ alertId: 'soon', by: 'job', remaining: 30 * CREDIT }]);
  const { alerts: states } = (await readAlertStates(real.context, 'a'))!;
  expect(states[2]).toMatchObject({ state: 'fired', threshold: BigInt(105 * CREDIT) }); // 35 a day
});

test('credits that are back after a mail said there were none are mailed; after none was sent they are not', async () => {
  const real = await openAccount();
  await call(real, 100);
  await real.command(purchase({ amount: 2 * CREDIT }), START_MS); // before the mail went out: it is taken back
  expect(await mailsOf(real)).toEqual(['low-credits built-in:low decided', 'receipt  decided']);
  await call(real, 2);
  await sendMails(real);
  await real.command(purchase({ amount: CREDIT / 2 }), START_MS);
  expect(await mailsOf(real)).toEqual([
    ...['depleted built-in:depleted sent', 'receipt  decided', 'receipt  sent', 'restored  decided'],
  ]);
  await call(real, 0.5);
  expect(await mailsOf(real)).not.toContain('restored  decided');
});

test('a warning at its share of the limit, then the limit; the warning that was not sent is taken back', async () => {
  const real = await openAccount();
  await real.command(serverLimit('srv', { dailyCredits: micros(10 * CREDIT), warnAtPercent: 12.5 }), START_MS);
  await call(real, 1.249999);
  expect(await mailsOf(real)).toEqual([]);
  await call(real, 0.000001);
  expect(await mailsOf(real)).toEqual(['limit-warning srv decided']);
  await call(real, 9);
  expect(await mailsOf(real)).toEqual(['limit-reached srv decided']);
  const [decided] = (await lines(real, 'mails')).filter(({ kind }) => kind === 'limit-reached');
  expect(decided).toMatchObject({
    intentId: 'a:mail:2',
    snapshot: {
      ...{ serverId: 'srv', used: 10.25 * CREDIT, limit: 10 * CREDIT, warn: 12.5 },
      until: Date.parse('2026-01-16T00:00:00Z'),
    },
  });
});

test('what is left three days before a cycle’s end is told once', async () => {
  const real = await openAccount();
  await call(real, 80);
  const end = Date.parse('2026-02-01T00:00:00Z');
  for (const before of [3 * DAY_MS + 1, 3 * DAY_MS, 2 * DAY_MS]) {
    await real.setClock(end - before);
    await reviewAll(real, 3 * DAY_MS);
    expect((await mailsOf(real)).filter((mail) => mail.startsWith('expiring'))).toHaveLength(
      before > 3 * DAY_MS ? 0 : 1,
    );
  }
});

test('a server named as an alert is one keeps its mails when that alert is armed again', async () => {
  const real = await openAccount();
  const named = { serverId: 'built-in:low' };
  await real.command(serverLimit('built-in:low', { dailyCredits: micros(10 * CREDIT) }), START_MS);
  const one = event({ ...named, tokens: 85 * CREDIT, occurredAt: START_MS });
  await real.events([{ event: one, queuedAt: START_MS }]);
  await real.command(purchase({ amount: 50 * CREDIT }), START_MS);
  expect(await mailsOf(real)).toEqual(['limit-reached built-in:low decided', 'receipt  decided']);
});

test('thousands of servers of one account: as many limits as may be, and a midnight that grants once', async () => {
  const real = await openAccount();
  const servers = Array.from({ length: 1_001 }, (_, n) => `s${n}`);
  const limited: string[] = [];
  for (const id of servers) {
    const { outcome } = await real.command(serverLimit(id, { dailyCredits: micros(0) }), START_MS);
    limited.push(outcome);
  }
  expect(limited.filter((outcome) => outcome === 'applied')).toHaveLength(1_000);
  expect(limited.at(-1)).toBe('dead-letter');
  for (let n = 0; n < 5_000; n += 500) {
    const events = Array.from({ length: 500 }, (_, i) => ({
      event: event({ serverId: `t${n + i}`, tokens: 1, occurredAt: START_MS }),
      queuedAt: START_MS,
    }));
    await real.events(events);
  }
  await real.setClock(Date.parse('2026-02-01T00:00:00Z'));
  for (let times = 0; times < 3; times += 1) expect((await real.account('a'))!.cycle).toBe(2);
  const grants = (await real.entries()).filter(({ kind }) => kind === 'grant');
  expect(grants.map(({ cycle }) => cycle)).toEqual([1, 2]);
});

test('an account that was written before alerts were decided here goes on as it was, its alerts armed', async () => {
  const real = await openAccount();
  const { redis: connection, keys } = real.context;
  const key = keys.account('a');
  const state = (await connection.hgetBuffer(key, 'state'))!;
  await connection.hset(key, 'state', state.subarray(0, 17 * 8));
  await connection.hset(
    key,
    'alerts',
    JSON.stringify([{ id: 'mine', kind: 'absolute', credits: String(50 * CREDIT) }]),
  );
  await call(real, 60);
  const { alerts: states } = (await readAlertStates(real.context, 'a'))!;
  // Where the balance already is at an alert when it is first looked at, it starts as fired, silently.
  expect(states.map(({ alert, state: stands }) => `${alert.id} ${stands}`)).toEqual([
    'low armed',
    'depleted armed',
    'mine fired',
  ]);
  await call(real, 40);
  expect((await crossingsOf(real)).map(({ alertId }) => alertId)).toEqual(['low', 'depleted']);
});

test('an account keeps fifty unsent mails: of more, the oldest is taken back', async () => {
  const real = await openAccount();
  for (let n = 0; n < 53; n += 1) await real.command(purchase({ amount: 1 }), START_MS);
  const { mails } = (await readAlertStates(real.context, 'a'))!;
  expect(mails).toHaveLength(50);
  expect(mails[0]!.intentId).toBe('a:mail:4');
  const steps = (await lines(real, 'mails')).filter(({ status }) => status === 'superseded');
  expect(steps.map(({ intentId }) => intentId)).toEqual(['a:mail:1', 'a:mail:2', 'a:mail:3']);
});

test('a platform event carries the state of its own moment, and counts on in its account', async () => {
  const real = await openAccount();
  await real.command(serverLimit('srv', { dailyCredits: micros(50 * CREDIT) }), START_MS);
  await real.command(purchase({ amount: 5 * CREDIT }), START_MS);
  await call(real, 100);
  expect((await watchedOf(real, 'a'))!.heard).toEqual([
    {
      ...{ id: 'a:1', type: 'credits.low', accountId: 'a', sequence: 1 },
      state: { monthly: '0', bonus: '5', cycle: 1, closed: false, limitedServers: [] },
    },
    {
      ...{ id: 'a:2', type: 'server.limited', accountId: 'a', serverId: 'srv', sequence: 2 },
      state: { monthly: '0', bonus: '5', cycle: 1, closed: false, limitedServers: ['srv'] },
    },
  ]);
});

/**
 * A gate that knows the clock reads the account alone: the same answers as the script's, for every reason, with one
 * HMGET; and the script again wherever the clock matters or is not known.
 */
import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { AccountCommand } from '../../core/types.ts';
import { createGate, type Gate } from '../../ledger/gate.ts';
import { ledgerKeys } from '../../ledger/keys.ts';
import { parseUsageEvent } from '../../schema/event.ts';
import { parseCommand } from '../../schema/parse-command.ts';
import { freshRedis, freshTag } from '../support/engines.ts';
import { RealLedger } from './real-ledger.ts';
import { BOOK } from './samples.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = DAY_MS / 24;
/** Bytes of the packed records, see ledger/lua/account.lua and server-day.lua. */
const [STOP, TODAY, TOMORROW] = [40, 48, 56];
const [DAY, NEXT] = [0, 16];

let redis: Redis;
let ledger: RealLedger;
let gate: Gate;
let tag: string;
let ids = 0;

beforeAll(async () => {
  redis = await freshRedis();
});
beforeEach(async () => {
  tag = freshTag();
  ledger = await RealLedger.open(redis, tag, Date.now(), BOOK);
  await redis.hdel(ledger.context.keys.meta, 'clock'); // from here on it is Redis's own
  gate = createGate({ redis, prefix: tag, priceBook: BOOK });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await ledger.remove();
});

const send = async (type: AccountCommand['type'], data: object): Promise<void> => {
  ids += 1;
  const parsed = parseCommand(type, { id: `c${ids}`, accountId: 'a', ...data });
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(await ledger.command(parsed.command, Date.now())).toEqual({ outcome: 'applied' });
};
/** An account whose day and cycle end hours from now, whenever the test runs. */
const upsert = async (monthlyCredits: string): Promise<void> => {
  await send('account.upsert', {
    ...{ email: 'owner@example.com', timeZone: 'UTC', anchor: '2026-03-01T00:00:00' },
    plan: { id: 'plan', monthlyCredits },
  });
  await setNumbers('state', { [STOP!]: Date.now() + 9 * DAY_MS, [TOMORROW!]: Date.now() + 5 * HOUR_MS });
};
const limit = (dailyCredits: string | null): Promise<void> => send('server.limit', { serverId: 's', dailyCredits });
const spend = async (input: number, serverId = 's'): Promise<void> => {
  ids += 1;
  const [model, occurredAt] = ['unit', Date.now()];
  const parsed = parseUsageEvent({ id: `e${ids}`, accountId: 'a', serverId, model, occurredAt, tokens: { input } });
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(await ledger.events([{ event: parsed.event, queuedAt: occurredAt }])).toEqual([{ outcome: 'accepted' }]);
};
/** Writes numbers into a packed record of the account, by their place in bytes. */
const setNumbers = async (field: string, numbers: Record<number, number>): Promise<void> => {
  const key = ledgerKeys(tag).account('a');
  const record = (await redis.hgetBuffer(key, field))!;
  for (const [place, value] of Object.entries(numbers)) record.writeDoubleLE(value, Number(place));
  await redis.hset(key, field, record);
};

/** The answer in a word, and the commands that Redis was sent for it. */
const ask = async (one = gate, accountId = 'a', serverId = 's'): Promise<[string, ...string[]]> => {
  const names: string[] = [];
  const spy = jest.spyOn(redis, 'sendCommand');
  const answer = await one.check({ accountId, serverId });
  for (const [command] of spy.mock.calls) names.push(command.name.replace('evalsha', 'eval'));
  spy.mockRestore();
  return [answer.allow ? 'allow' : answer.reason, ...names];
};
/** Both ways must say the same; the plain one with a single read. */
const expectBoth = async (word: string, serverId = 's'): Promise<void> => {
  expect(await ask(createGate({ redis, prefix: tag, priceBook: BOOK }), 'a', serverId)).toEqual([word, 'eval']);
  expect(await ask(gate, 'a', serverId)).toEqual([word, 'hmget']);
};

test('every reason, and the way back from each', async () => {
  expect(await ask()).toEqual(['unknown-account', 'eval']);
  await upsert('10');
  expect(await ask()).toEqual(['allow', 'eval']);
  await expectBoth('allow');
  await limit('1');
  await expectBoth('allow');
  await spend(10_000_000);
  await expectBoth('depleted');
  await send('credits.purchase', { credits: '5', purchasedAt: Date.now(), reference: 'r' });
  await expectBoth('daily-limit');
  await expectBoth('allow', 'other');
  await limit(null);
  await expectBoth('allow');
  await send('account.close', { reason: 'over' });
  await expectBoth('closed');
  await redis.del(ledgerKeys(tag).account('a'));
  expect(await ask()).toEqual(['unknown-account', 'hmget']);
});

test.each([
  ['the same day', 0, 'daily-limit'],
  ['the day before: what counted for the next one', -1, 'daily-limit'],
  ['an earlier day', -2, 'allow'],
  ['a later day, after a changed zone', 1, 'allow'],
])('a server’s record of %s', async (_, days, word) => {
  await upsert('100000000');
  await limit('1');
  await spend(10_000_000);
  const state = (await redis.hgetBuffer(ledgerKeys(tag).account('a'), 'state'))!;
  await setNumbers('s:s', { [DAY!]: state.readDoubleLE(TODAY!) + days, [NEXT!]: 10_000_000 });
  await ask();
  await expectBoth(word);
});

test('near a boundary, and after it, Redis is asked with its own clock: one call', async () => {
  await upsert('10');
  await ask();
  for (const [place, ahead] of [
    [TOMORROW, 30_000],
    [TOMORROW, -1_000],
    [STOP, 30_000],
  ] as const) {
    await upsert('10');
    await setNumbers('state', { [place!]: Date.now() + ahead });
    const fresh = createGate({ redis, prefix: tag, priceBook: BOOK });
    expect(await ask(fresh)).toEqual(['allow', 'eval']);
    expect(await ask(fresh)).toEqual(['allow', 'eval']);
  }
  // A boundary that has come nearer since it was told, which only a changed zone can do.
  expect(await ask()).toEqual(['allow', 'hmget', 'eval']);
});

test('a clock that was told long ago, or that jumped since, is asked again', async () => {
  await upsert('10');
  await ask();
  expect(await ask()).toEqual(['allow', 'hmget']);
  const wall = Date.now;
  const steady = performance.now.bind(performance);
  jest.spyOn(Date, 'now').mockImplementation(() => wall() + 8 * HOUR_MS); // the machine slept
  expect(await ask()).toEqual(['allow', 'eval']);
  jest.restoreAllMocks();
  await ask();
  const later = 11_000;
  jest.spyOn(Date, 'now').mockImplementation(() => wall() + later);
  jest.spyOn(performance, 'now').mockImplementation(() => steady() + later);
  expect(await ask()).toEqual(['allow', 'eval']);
});

test('a simulated clock is never guessed', async () => {
  await upsert('10');
  await ledger.setClock(Date.now());
  expect(await ask()).toEqual(['allow', 'eval']);
  expect(await ask()).toEqual(['allow', 'eval']);
});

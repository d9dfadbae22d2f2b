/**
 * The gate on a real Redis with a simulated clock (rule 10): every reason and their order, through real commands and
 * events; what time alone changes; and that a check is one call that writes nothing.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { AccountCommand } from '../../core/types.ts';
import { createGate, type Gate, type GateCall } from '../../ledger/gate.ts';
import { parseUsageEvent } from '../../schema/event.ts';
import { parseCommand } from '../../schema/parse-command.ts';
import { compilePriceBook } from '../../schema/price-book.ts';
import { freshRedis, freshTag } from '../support/engines.ts';
import { RealLedger } from './real-ledger.ts';

const START = Date.parse('2026-03-01T09:00:00Z');
const HOUR_MS = 3_600_000;
const rates = (credits: string) => ({ input: credits, output: credits, cacheRead: credits, cacheWrite: credits });
const labels = { aliases: [], speed: 'Fast', creditUsage: 'Low', bestFor: 'Tests' };
/** `unit` costs a credit per 1,000 tokens; `gift` becomes free in April. */
const BOOK = compilePriceBook({
  versions: [
    {
      name: 'first',
      effectiveFrom: '1970-01-01T00:00:00Z',
      models: [
        { model: 'unit', creditsPer1000Tokens: rates('1'), ...labels },
        { model: 'free', creditsPer1000Tokens: rates('0'), ...labels, aliases: ['gratis'] },
        { model: 'gift', creditsPer1000Tokens: rates('1'), ...labels },
      ],
    },
    {
      name: 'april',
      effectiveFrom: '2026-04-01T00:00:00Z',
      models: [
        { model: 'unit', creditsPer1000Tokens: rates('1'), ...labels },
        { model: 'gift', creditsPer1000Tokens: rates('0'), ...labels },
      ],
    },
  ],
});

let redis: Redis;
let ledger: RealLedger;
let gate: Gate;
let tag: string;
let clock = START;
let ids = 0;

beforeAll(async () => {
  redis = await freshRedis();
});
beforeEach(async () => {
  tag = freshTag();
  clock = START;
  ledger = await RealLedger.open(redis, tag, clock, BOOK);
  gate = createGate({ redis, prefix: tag, priceBook: BOOK, clock: () => clock });
});
afterEach(() => ledger.remove());

const at = async (ms: number): Promise<void> => {
  clock = ms;
  await ledger.setClock(ms);
};
const send = async (type: AccountCommand['type'], data: object): Promise<void> => {
  ids += 1;
  const parsed = parseCommand(type, { id: `c${ids}`, accountId: 'a', ...data });
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(await ledger.command(parsed.command, clock)).toEqual({ outcome: 'applied' });
};
const upsert = (monthlyCredits: string, data: object = {}): Promise<void> =>
  send('account.upsert', {
    ...{ email: 'owner@example.com', timeZone: 'UTC', anchor: '2026-03-01T00:00:00' },
    plan: { id: 'plan', monthlyCredits },
    ...data,
  });
const limit = (dailyCredits: string | null): Promise<void> => send('server.limit', { serverId: 's', dailyCredits });
const call = async (credits: number, data: object = {}): Promise<void> => {
  ids += 1;
  const event = { id: `e${ids}`, accountId: 'a', serverId: 's', model: 'unit', occurredAt: clock };
  const parsed = parseUsageEvent({ ...event, tokens: { input: credits * 1_000 }, ...data });
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(await ledger.events([{ event: parsed.event, queuedAt: clock }])).toEqual([{ outcome: 'accepted' }]);
};
const ask = async (some: Partial<GateCall> = {}): Promise<string> => {
  const answer = await gate.check({ accountId: 'a', serverId: 's', ...some });
  return answer.allow ? 'allow' : answer.reason;
};

describe('every reason', () => {
  const states: [state: string, prepare: () => Promise<void>, reason: string][] = [
    ['an account nobody has told of', async () => undefined, 'unknown-account'],
    ['credits left', () => upsert('10'), 'allow'],
    ['the last µcr left', () => upsert('0.000001'), 'allow'],
    ['bonus alone', () => upsert('0').then(() => send('credits.purchase', { credits: '1' })), 'allow'],
    ['nothing granted, nothing bought', () => upsert('0'), 'depleted'],
    ['all spent', () => upsert('2').then(() => call(2)), 'depleted'],
    ['overspent', () => upsert('2').then(() => call(5)), 'depleted'],
    [
      'under its limit',
      () =>
        upsert('10')
          .then(() => limit('3'))
          .then(() => call(2)),
      'allow',
    ],
    [
      'at its limit',
      () =>
        upsert('10')
          .then(() => limit('3'))
          .then(() => call(3)),
      'daily-limit',
    ],
    ['a limit of 0', () => upsert('10').then(() => limit('0')), 'daily-limit'],
    [
      'spent, and at its limit',
      () =>
        upsert('3')
          .then(() => limit('3'))
          .then(() => call(3)),
      'depleted',
    ],
    ['before its anchor', () => upsert('10', { anchor: '2026-03-05T00:00:00' }), 'depleted'],
  ];
  test.each(states)('%s', async (_, prepare, reason) => {
    await prepare();
    expect(await ask()).toBe(reason);
  });
  test.each(states)('%s, then closed', async (_, prepare, reason) => {
    await prepare();
    if (reason !== 'unknown-account') await send('account.close', { reason: 'left' });
    expect(await ask()).toBe(reason === 'unknown-account' ? 'unknown-account' : 'closed');
  });
  test.each(states)('%s: never in the way of what costs nothing', async (_, prepare) => {
    await prepare();
    expect(await ask({ keySource: 'byok' })).toBe('allow');
    expect(await ask({ keySource: 'byok', model: 'no-such-model' })).toBe('allow');
    expect(await ask({ model: 'free' })).toBe('allow');
    expect(await ask({ model: 'gratis' })).toBe('allow');
  });

  test('a model with a price, or one that nobody knows, changes nothing', async () => {
    await upsert('0');
    for (const model of ['unit', 'gift', 'no-such-model', 'constructor']) expect(await ask({ model })).toBe('depleted');
  });
  test('a model is free from the version on that says so', async () => {
    await upsert('0');
    await at(Date.parse('2026-03-31T23:59:59.999Z'));
    expect(await ask({ model: 'gift' })).toBe('depleted');
    await at(Date.parse('2026-04-01T00:00:00Z'));
    expect(await ask({ model: 'gift' })).toBe('allow');
  });
  test('an upsert reopens', async () => {
    await upsert('10');
    await send('account.close', { reason: 'left' });
    await upsert('10');
    expect(await ask()).toBe('allow');
  });
});

describe('a limit', () => {
  test('re-decides at once: raised, lowered, lifted, by server', async () => {
    await upsert('100');
    await limit('5');
    await call(5);
    expect(await ask()).toBe('daily-limit');
    expect(await ask({ serverId: 'other' })).toBe('allow');
    await limit('5.000001');
    expect(await ask()).toBe('allow');
    await limit('4');
    expect(await ask()).toBe('daily-limit');
    await limit(null);
    expect(await ask()).toBe('allow');
  });
  test('counts what was covered and what was not, and no own-key call', async () => {
    await upsert('1');
    await send('credits.purchase', { credits: '1' });
    await limit('4');
    await call(9, { keySource: 'byok' });
    await call(3);
    await send('credits.purchase', { credits: '1' });
    expect(await ask()).toBe('allow');
    await call(1);
    await send('credits.purchase', { credits: '1' });
    expect(await ask()).toBe('daily-limit');
  });
  test('a call of the next minutes’ day counts for that day', async () => {
    await upsert('100');
    await limit('5');
    await at(Date.parse('2026-03-01T23:58:00Z'));
    await call(5, { occurredAt: Date.parse('2026-03-02T00:01:00Z') });
    expect(await ask()).toBe('allow');
    await at(Date.parse('2026-03-02T00:00:00Z'));
    expect(await ask()).toBe('daily-limit');
  });

  test.each([
    ['a day of 24 hours', 'Europe/Berlin', '2026-03-27T23:00:00Z', 24],
    ['the 23 hours of spring', 'Europe/Berlin', '2026-03-28T23:00:00Z', 23],
    ['the 25 hours of autumn', 'Europe/Berlin', '2026-10-24T22:00:00Z', 25],
    ['half an hour less', 'Australia/Lord_Howe', '2026-10-03T13:30:00Z', 23.5],
    ['a day that starts at 01:00', 'Africa/Cairo', '2026-04-23T22:00:00Z', 23],
  ])('holds until the next local midnight: %s', async (_, timeZone, midnight, hours) => {
    const start = Date.parse(midnight);
    await at(start);
    await upsert('100', { timeZone, anchor: '2026-01-01T00:00:00' });
    await limit('5');
    await call(5);
    expect(await ask()).toBe('daily-limit');
    await at(start + hours * HOUR_MS - 1);
    expect(await ask()).toBe('daily-limit');
    await at(start + hours * HOUR_MS);
    expect(await ask()).toBe('allow');
  });
});

describe('time alone', () => {
  test('a cycle that has ended: a new grant, without any debit', async () => {
    await upsert('10');
    await call(10);
    await at(Date.parse('2026-03-31T23:59:59.999Z'));
    expect(await ask()).toBe('depleted');
    await at(Date.parse('2026-04-01T00:00:00Z'));
    expect(await ask()).toBe('allow');
    await at(Date.parse('2027-11-22T00:00:00Z')); // far beyond the lists of ends
    expect(await ask()).toBe('allow');
  });
  test('what was left has expired: a plan of 0 leaves nothing', async () => {
    await upsert('10');
    await upsert('0');
    expect(await ask()).toBe('allow');
    await at(Date.parse('2026-04-01T00:00:00Z'));
    expect(await ask()).toBe('depleted');
  });
  test.each([3, 40, 800])('used-up lists are renewed once, after %i days', async (days) => {
    await upsert('10');
    await limit('0');
    await at(START + days * 24 * HOUR_MS);
    expect(await ask()).toBe('daily-limit');
    const before = await redis.hgetallBuffer(ledger.context.keys.account('a'));
    expect(await ask()).toBe('daily-limit');
    expect(await redis.hgetallBuffer(ledger.context.keys.account('a'))).toEqual(before);
  });
  test('the clock of Redis, where no other is given', async () => {
    await redis.hdel(ledger.context.keys.meta, 'clock');
    await upsert('10', { anchor: '2026-01-31T00:00:00' });
    expect(await ask()).toBe('allow');
  });
});

describe('one call', () => {
  /** What Redis was sent on this connection while `work` ran. */
  const sent = async (work: () => Promise<unknown>): Promise<string[]> => {
    const names: string[] = [];
    const { sendCommand } = redis;
    redis.sendCommand = (command, stream) => {
      names.push(command.name);
      return sendCommand.call(redis, command, stream);
    };
    try {
      await work();
    } finally {
      redis.sendCommand = sendCommand;
    }
    return names;
  };

  test('in the ordinary case, and after a cycle or a day has ended', async () => {
    await upsert('10');
    await limit('5');
    await ask();
    for (const ms of [START, START + 24 * HOUR_MS, Date.parse('2026-03-02T00:00:00Z')]) {
      await at(ms);
      expect(await sent(() => ask())).toEqual(['evalsha']);
    }
    await limit(null);
    await at(Date.parse('2026-05-02T00:00:00Z')); // no limit: the day does not matter
    expect(await sent(() => ask())).toEqual(['evalsha']);
    expect(await sent(() => ask({ accountId: 'nobody' }))).toEqual(['evalsha']);
  });
  test('none at all for what costs nothing', async () => {
    expect(await sent(() => ask({ keySource: 'byok' }))).toEqual([]);
    expect(await sent(() => ask({ model: 'free' }))).toEqual([]);
  });
  test('writes nothing, not even when a cycle has ended', async () => {
    await upsert('10');
    await at(Date.parse('2026-04-02T00:00:00Z'));
    const { keys } = ledger.context;
    const everything = () =>
      Promise.all([redis.hgetallBuffer(keys.account('a')), redis.hgetall(keys.meta), redis.xlen(keys.outboxRows)]);
    const before = await everything();
    expect(await ask()).toBe('allow');
    expect(await everything()).toEqual(before);
  });
});

describe('what cannot be asked', () => {
  test.each([
    [{ accountId: '' }, 'accountId'],
    [{ accountId: 'a b' }, 'accountId'],
    [{ accountId: undefined as never }, 'accountId'],
    [{ serverId: 7 as never }, 'serverId'],
    [{ serverId: 'x'.repeat(129) }, 'serverId'],
    [{ model: 'ü' }, 'model'],
    [{ keySource: 'BYOK' as never }, 'keySource'],
  ])('%j is refused by its field', async (some, field) => {
    await expect(ask(some)).rejects.toMatchObject({ code: 'invalid', field });
  });
  test('a Redis that does not answer is a transient error', async () => {
    const away = redis.duplicate({ lazyConnect: true, enableOfflineQueue: false });
    const check = createGate({ redis: away, prefix: tag }).check({ accountId: 'a', serverId: 's' });
    await expect(check).rejects.toMatchObject({ name: 'TransientError', code: 'redis-unavailable' });
    away.disconnect();
  });
  test('the book of the package is the default one', async () => {
    const plain = createGate({ redis, prefix: tag });
    const answer = await plain.check({ accountId: 'nobody', serverId: 's', model: 'claude-haiku-4.5' });
    expect(answer).toEqual({ allow: false, reason: 'unknown-account' });
  });
});

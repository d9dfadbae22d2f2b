/** The commit of events: what happens once, what fails alone, what a failure leaves behind, and what is counted. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { PermanentError } from '../../core/errors.ts';
import { MICROS_MAX } from '../../core/money.ts';
import type { UsageEvent } from '../../core/types.ts';
import { commitEvents } from '../../ledger/commit-events.ts';
import { createRowWriter } from '../../schema/usage-body.ts';
import { commitGroup } from '../../workers/usage/commit-group.ts';
import { encodeGroup } from '../../workers/usage/encode-group.ts';
import { type EventOutcome, eventLetter, type UsageItem } from '../../workers/usage/item.ts';
import { freshRedis } from '../support/engines.ts';
import type { RealLedger } from './real-ledger.ts';
import { DEAR_MICROS, dearEvent, event, purchase, START_MS, upsert } from './samples.ts';
import { counts, dump, faulty, lines, openStage, outcomes } from './stage.ts';

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

/** A ledger with account `a` (and `b`), 1 credit a month each. */
async function openAccounts(): Promise<RealLedger> {
  const real = await openStage(redis);
  for (const accountId of ['a', 'b']) await real.command(upsert({ accountId }), START_MS);
  return real;
}

function items(events: readonly UsageEvent[]): { items: UsageItem[]; settled: EventOutcome[][] } {
  const settled: EventOutcome[][] = events.map(() => []);
  return {
    settled,
    items: events.map((one, i) => ({ event: one, queuedAt: START_MS, settle: (outcome) => settled[i]!.push(outcome) })),
  };
}

describe('once', () => {
  test('the same id in one group: the same body is a duplicate, another body a conflict', async () => {
    const real = await openAccounts();
    const first = event({ tokens: 10 });
    const other = event({ id: first.id, tokens: 11 });
    const elsewhere = event({ id: first.id, accountId: 'b', tokens: 12 });
    expect(await outcomes(real, [first, first, other, elsewhere, first, other])).toEqual([
      ...['accepted', 'duplicate', 'dead-letter conflict', 'accepted', 'duplicate', 'dead-letter conflict'],
    ]);
    expect(await real.account('a')).toMatchObject({ monthly: 999_990, events: 1 });
    expect(await real.account('b')).toMatchObject({ monthly: 999_988, events: 1 });
    expect(await counts(real)).toMatchObject({ accepted: 2, duplicates: 2, dead: 1 });
    expect(await lines(real, 'dead')).toMatchObject([{ id: first.id, reason: 'conflict', field: 'id' }]);
    expect(await outcomes(real, [other, first])).toEqual(['dead-letter conflict', 'duplicate']);
    expect(await counts(real)).toMatchObject({ accepted: 2, duplicates: 3, dead: 1 });
  });

  test('a commit sent again because its reply was lost changes nothing', async () => {
    const real = await openAccounts();
    const sent = [event(), event({ accountId: 'b' }), event({ accountId: 'nobody' }), event({ occurredAt: 0 })];
    // The first call only learns which dedupe directory is in force.
    const { options, retries } = faulty(real.options, 'commitEvents', 'reply lost', 2);
    const { items: group, settled } = items(sent);
    await commitGroup(options, group);
    expect(settled.map((all) => all.map((one) => one.outcome))).toEqual([
      ...[['duplicate'], ['duplicate'], ['duplicate'], ['dead-letter']],
    ]);
    expect(retries.map(({ code }) => code)).toEqual(['redis-unavailable']);
    expect(await real.account('a')).toMatchObject({ monthly: 999_000, events: 1 });
    expect(await counts(real)).toMatchObject({ accepted: 2, parked: 1, dead: 1, duplicates: 3 });
    const before = await dump(real);
    expect(await outcomes(real, sent)).toEqual(['duplicate', 'duplicate', 'duplicate', 'dead-letter too-late']);
    const { [real.context.keys.meta]: _, ...after } = await dump(real);
    expect(before).toMatchObject(after);
  });

  test('an event is settled once though renewing an account fails after the commit', async () => {
    const real = await openAccounts();
    await real.command(upsert({ accountId: 'idle' }), START_MS);
    await real.setClock(START_MS + 400 * 86_400_000);
    const now = START_MS + 400 * 86_400_000;
    for (const fault of ['unavailable', 'refused'] as const) {
      const { options } = faulty(real.options, 'readAccount', fault);
      const accountId = fault === 'refused' ? 'idle' : 'a';
      const sent = [event({ accountId: 'b', occurredAt: now }), event({ accountId, occurredAt: now })];
      await real.account('b');
      const { items: group, settled } = items(sent);
      await commitGroup(options, group);
      expect(settled.map((all) => all.map((one) => one.outcome))).toEqual([
        ['accepted'],
        [fault === 'refused' ? 'dead-letter' : 'accepted'],
      ]);
    }
  });
});

describe('alone', () => {
  test('an amount that would leave its range is a dead letter, the rest of the group is accepted', async () => {
    const real = await openAccounts();
    await real.command(purchase({ amount: Number(MICROS_MAX) }), START_MS);
    expect(await outcomes(real, [dearEvent({ accountId: 'b' })])).toEqual(['accepted']);
    const tooMuch = dearEvent({ accountId: 'b' });
    const group = [event(), event({ accountId: 'b' }), tooMuch, event({ accountId: 'b' }), dearEvent(), event()];
    expect(await outcomes(real, group)).toEqual([
      ...['accepted', 'accepted', 'dead-letter internal', 'accepted', 'accepted', 'accepted'],
    ]);
    const uncovered = DEAR_MICROS - 1_000_000 + 2_000;
    expect(await real.account('b')).toMatchObject({ monthly: 0, uncovered, events: 3, cost: DEAR_MICROS + 2_000 });
    const bonus = Number(MICROS_MAX) - DEAR_MICROS + 1_000_000 - 2_000;
    expect(await real.account('a')).toMatchObject({ monthly: 0, bonus, uncovered: 0, events: 3 });
    const [letter, ...more] = await lines(real, 'dead');
    expect(more).toEqual([]);
    expect(letter).toMatchObject({ id: tooMuch.id, kind: 'event', reason: 'internal' });
    expect(letter!.detail).toMatch(/too large/);
    expect(JSON.parse(String(letter!.body))).toMatchObject({ id: tooMuch.id, model: 'dear' });
    expect(await counts(real)).toMatchObject({ accepted: 6, dead: 1 });
  });

  test.each([
    ['meta', 'all'],
    ['outbox:rows', 'all'],
    ['accounts', 'all'],
    ['parked', 'all'],
    ['account:a', [0]],
    ['bucket of event 0', [0]],
    ['parked:events:nobody', [2]],
  ])('a key of the wrong type (%s) fails before anything is written, for what needs it', async (name, hit) => {
    const real = await openAccounts();
    const { context } = real;
    const sent = [event(), event({ accountId: 'b' }), event({ accountId: 'nobody' })];
    await outcomes(real, [event(), event({ accountId: 'b' })]); // the profiles are known now
    const writer = createRowWriter();
    const records = encodeGroup(real.options.encoder, items(sent).items, writer);
    const key = name.startsWith('bucket')
      ? context.keys.dedupe(Number.parseInt(bucketName(records[0]!.key), 10))
      : `${context.keys.tag}:ledger:${name}`;
    await redis.del(key);
    await redis.sadd(key, 'not what it was');
    const before = await dump(real);
    const commit = commitEvents(context, records, writer.buffer.subarray(0, writer.offset), { acceptDays: 35 });
    await expect(commit).rejects.toMatchObject({ code: 'script-failed' });
    expect(await dump(real)).toEqual(before);

    const { items: group, settled } = items(sent);
    if (hit === 'all') {
      await expect(commitGroup(real.options, group)).rejects.toThrow(PermanentError);
      expect(await dump(real)).toEqual(before);
      expect(settled).toEqual([[], [], []]);
      return;
    }
    await commitGroup(real.options, group);
    const expected = [['accepted'], ['accepted'], ['parked']];
    for (const i of hit as number[]) expected[i] = ['dead-letter'];
    expect(settled.map((all) => all.map((one) => one.outcome))).toEqual(expected);
    expect((await lines(real, 'dead')).map(({ reason }) => reason)).toEqual(['internal']);
  });

  test('an account whose key became of another type is set aside by a worker that does not know it yet', async () => {
    const real = await openAccounts();
    await redis.del(real.context.keys.account('a'));
    await redis.sadd(real.context.keys.account('a'), 'x');
    expect(await outcomes(real, [event({ accountId: 'b' }), event()])).toEqual(['accepted', 'dead-letter internal']);
  });
});

/** The bucket of a key in the directory that a ledger starts with: 14 bits of its first bytes, little endian. */
const bucketName = (key: string): string => String((key.charCodeAt(0) + key.charCodeAt(1) * 256) % 2 ** 14);

describe('dead letters', () => {
  test('one record per identity, body and reason, however often it comes', async () => {
    const real = await openAccounts();
    const old = event({ occurredAt: 0 });
    const letterOf = (reason: 'invalid' | 'internal', tokens = 1, id = 'x'): UsageItem => {
      const one = event({ id, tokens });
      return { event: one, queuedAt: START_MS, dead: eventLetter(one, 0, reason, '', ''), settle: () => undefined };
    };
    const group = (): UsageItem[] => [
      ...items([old, old, event({ id: old.id, occurredAt: 1 })]).items,
      ...[letterOf('invalid'), letterOf('invalid'), letterOf('internal'), letterOf('invalid', 2)],
      letterOf('invalid', 1, 'y'),
    ];
    for (let n = 0; n < 3; n += 1) await commitGroup(real.options, group());
    const letters = await lines(real, 'dead');
    expect(letters.map(({ id, reason }) => `${id} ${reason}`)).toEqual([
      ...['x invalid', 'x internal', 'x invalid', 'y invalid', `${old.id} too-late`, `${old.id} too-late`],
    ]);
    expect(new Set(letters.map(({ key }) => key)).size).toBe(6);
    expect(await counts(real)).toMatchObject({ accepted: 0, duplicates: 0, dead: 6 });
  });

  test('a dead letter does not use its identity up', async () => {
    const real = await openAccounts();
    const one = event({ occurredAt: START_MS + 400_000 });
    expect(await outcomes(real, [one])).toEqual(['dead-letter future']);
    await real.setClock(START_MS + 200_000);
    expect(await outcomes(real, [one, one])).toEqual(['accepted', 'duplicate']);
  });

  test.each([
    ['just in time', -35 * 86_400_000, 'accepted'],
    ['too late', -35 * 86_400_000 - 1, 'dead-letter too-late'],
    ['just ahead', 300_000, 'accepted'],
    ['in the future', 300_001, 'dead-letter future'],
  ])('%s', async (_, offsetMs, expected) => {
    const real = await openAccounts();
    expect(await outcomes(real, [event({ occurredAt: START_MS + offsetMs })])).toEqual([expected]);
  });
});

test('what meta counts is what the outbox holds', async () => {
  const real = await openAccounts();
  const sent = Array.from({ length: 40 }, (_, i) =>
    event({ accountId: ['a', 'b', 'nobody'][i % 3]!, occurredAt: i % 10 === 9 ? 0 : START_MS, tokens: i }),
  );
  await outcomes(real, sent);
  await outcomes(real, [...sent, ...sent.map((one) => ({ ...one, serverId: 'other' }))]);
  const told = await counts(real);
  const parked = await lines(real, 'parked');
  const dead = await lines(real, 'dead');
  const entries = (await real.entries()).filter(({ kind }) => kind === 'usage');
  expect(told).toEqual({
    ...{ accepted: 24, duplicates: 36, dead: dead.length, parked: parked.length },
    remembered: 24 + dead.length + parked.length,
  });
  expect(entries).toHaveLength(23); // one of them cost nothing
  // 4 too late under each of 2 bodies, 36 conflicts.
  expect([parked.length, dead.length]).toEqual([12, 44]);
  expect(Number((await real.counters()).rows)).toBe(24);
});

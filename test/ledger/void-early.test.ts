/** A void before its event is charged: before it comes, while it is parked, after it died (contract rule 7). */
import { beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { eventKey } from '../../core/identity.ts';
import { DAY_MS } from '../../core/limits.ts';
import { bucketOf, parseDirectory } from '../../ledger/dedupe.ts';
import { sweepDedupe } from '../../ledger/sweep.ts';
import { applyCommand } from '../../workers/accounts/apply-command.ts';
import { freshRedis } from '../support/engines.ts';
import { event, LATER_BOOK, START_MS, upsert, voidOf } from './samples.ts';
import { counts, lines, openStage, outcomes } from './stage.ts';
import { left, openVoidStage, rows, undo } from './voids.ts';

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

test('is remembered: it is accepted, costs nothing, and its id is used', async () => {
  const real = await openVoidStage(redis);
  expect(await undo(real, 'e')).toBe('applied remembered');
  expect(await undo(real, 'e')).toBe('applied already-voided');
  const sent = event({ id: 'e', tokens: 130 });
  const other = event({ tokens: 10 });
  // In one group with others, before and behind it, and with itself.
  expect(await outcomes(real, [other, sent, sent, event({ tokens: 5 })])).toEqual([
    ...['accepted', 'accepted', 'duplicate', 'accepted'],
  ]);
  expect(await outcomes(real, [sent, { ...sent, serverId: 'x' }])).toEqual(['duplicate', 'dead-letter conflict']);
  expect(await left(real)).toEqual([85, 20, 0, 2, 15]);
  expect((await rows(real)).filter((row) => row.startsWith('e '))).toEqual(['e 1 130: 0 0 0 0', 'e -1 -130: 0 0 0 0']);
  expect(await undo(real, 'e')).toBe('applied already-voided');
  // The account, three events, and the dead letter.
  expect(await counts(real)).toMatchObject({ accepted: 3, remembered: 4 });
});

test('a dead letter uses no id up, and no void of it', async () => {
  const real = await openVoidStage(redis);
  await undo(real, 'e');
  const old = event({ id: 'e', occurredAt: START_MS - 50 * DAY_MS });
  expect(await outcomes(real, [old])).toEqual(['dead-letter too-late']);
  expect(await outcomes(real, [event({ id: 'e', tokens: 30 })])).toEqual(['accepted']);
  expect(await left(real)).toEqual([100, 20, 0, 0, 0]);
});

test('parked for its account, and the void behind it: nothing is charged when the account comes', async () => {
  const real = await openStage(redis);
  const [voided, other] = [event({ id: 'e', tokens: 30 }), event({ id: 'f', tokens: 7 })];
  await outcomes(real, [voided, other]);
  expect(await undo(real, 'e')).toBe('parked');
  await real.command(voidOf('not-yet-here'), START_MS);
  await real.command(upsert({ monthly: 100 }), START_MS);
  expect(await left(real)).toEqual([93, 0, 0, 1, 7]);
  expect(await outcomes(real, [voided, event({ id: 'not-yet-here' })])).toEqual(['duplicate', 'accepted']);
  expect(await left(real)).toEqual([93, 0, 0, 1, 7]);
});

test.each(['before', 'after'])('parked for its model, and voided %s it came', async (when) => {
  const real = await openVoidStage(redis);
  const sent = event({ id: 'e', model: 'late', tokens: 30 });
  if (when === 'before') await undo(real, 'e');
  expect(await outcomes(real, [sent])).toEqual(['parked unknown-model']);
  expect(await undo(real, 'e')).toBe(`applied ${when === 'before' ? 'already-voided' : 'remembered'}`);
  expect(await outcomes(real, [sent])).toEqual(['duplicate']);
  const later = await real.setBook(LATER_BOOK);
  expect(await left(later)).toEqual([100, 20, 0, 0, 0]);
  expect(await counts(later)).toMatchObject({ accepted: 1, parked: 0 });
  expect(await undo(later, 'e')).toBe('applied already-voided');
});

test('parked for too long: its id is free again, and the void of it stays', async () => {
  const real = await openVoidStage(redis);
  const sent = event({ id: 'e', model: 'late', tokens: 30 });
  await outcomes(real, [sent]);
  await undo(real, 'e');
  const clock = START_MS + 31 * DAY_MS;
  await real.setClock(clock);
  const later = await real.setBook(LATER_BOOK);
  expect(await lines(later, 'dead')).toMatchObject([{ id: 'e', reason: 'unknown-model' }]);
  expect(await outcomes(later, [{ ...sent, occurredAt: clock }], clock)).toEqual(['accepted']);
  expect(await left(later)).toEqual([100, 20, 0, 0, 0]);
});

test('the dedupe memory says what became of it', async () => {
  const real = await openVoidStage(redis);
  const { keys } = real.context;
  const remembered = async (id: string): Promise<string | undefined> => {
    const key = eventKey('a', id);
    const bucket = bucketOf(parseDirectory((await redis.hget(keys.meta, 'directory'))!), key);
    return (await redis.hgetBuffer(keys.dedupe(bucket), Buffer.from(key, 'latin1')))?.toString('latin1').slice(-1);
  };
  await undo(real, 'e');
  expect(await remembered('e')).toBe('v');
  await outcomes(real, [event({ id: 'p', model: 'late' })]);
  expect(await remembered('p')).toBe('p');
  await undo(real, 'p');
  expect(await remembered('p')).toBe('v');
  await real.setBook(LATER_BOOK);
  expect(await remembered('p')).not.toBe('v');
});

test('where ids are forgotten, ClickHouse is asked; marks of voids, and what is parked, are not forgotten', async () => {
  const real = await openVoidStage(redis);
  const { context, options } = real;
  const sent = [event({ id: 'e', tokens: 130 }), event({ id: 'p', model: 'late', tokens: 9 })];
  await outcomes(real, sent);
  await undo(real, 'early');
  const charged = await options.charges.find('a', 'e', 0);
  // All of it is flushed, and two days later forgotten.
  await redis.xtrim(context.keys.outboxRows, 'MAXLEN', 0);
  const clock = START_MS + 2 * DAY_MS;
  await real.setClock(clock);
  for (let isDone = false; !isDone; ) isDone = (await sweepDedupe(context, { hotDays: 1, budgetMs: 60_000 })).isDone;
  expect(await counts(real)).toMatchObject({ remembered: 2 });
  const asked: string[] = [];
  const find = async (_: string, id: string) => {
    asked.push(id);
    return id === 'e' ? charged : undefined;
  };
  const voided = async (id: string) => {
    const result = await applyCommand({ ...options, charges: { find } }, { command: voidOf(id), queuedAt: clock });
    return 'detail' in result ? result.detail : result.outcome;
  };
  expect(await voided('e')).toBe('voided');
  expect(await left(real)).toEqual([100, 20, 0, 0, 0]);
  expect(await voided('new')).toBe('remembered');
  expect(await voided('p')).toBe('remembered');
  expect(await voided('early')).toBe('already-voided');
  expect(asked).toEqual(['e', 'new']);
  const fresh = ['early', 'new'].map((id) => event({ id, occurredAt: clock }));
  expect(await outcomes(real, fresh, clock)).toEqual(['accepted', 'accepted']);
  await real.setBook(LATER_BOOK);
  expect(await left(real)).toEqual([100, 20, 0, 0, 0]);
});

/**
 * `usage.void` through the queues and ClickHouse: a charge that is not flushed yet is waited for, a stop does not wait
 * for it, a worker that dies with it loses nothing, and the books balance afterwards.
 */
import { expect, test } from '@jest/globals';
import { reconcile } from '../../jobs/reconcile.ts';
import { event, purchase, refund, upsert, voidOf } from '../ledger/samples.ts';
import { latch } from './latch.ts';
import { openWorld, type World } from './world.ts';

/** Somebody else's lease on the partition: nothing is flushed until it is let go. */
const HELD_MS = 3_600_000;
const holdFlushes = (world: World) => world.redis.set(world.keys.flushLease, 'a test', 'PX', HELD_MS);
const letFlush = (world: World) => world.redis.del(world.keys.flushLease);

async function expectBalanced(world: World, accepted: number): Promise<void> {
  const { signal } = new AbortController();
  const report = await reconcile({ ledger: await world.open(), clickhouse: world.client, accountIds: ['a'], signal });
  expect(report).toMatchObject({ events: accepted, drift: '0', mismatches: [] });
}

const left = async (world: World) => {
  const { monthly, bonus, events, cost } = (await world.account())!;
  return { monthly, bonus, events, cost };
};

/** An account of 1,000 µcr a month and 500 bonus, and a call that takes 1,200 of them. */
async function charged(world: World) {
  const call = { ...event({ id: 'e', tokens: 1_200, occurredAt: Date.now() - 1_000 }), attributes: {} };
  await world.commandResult(await world.addCommand(upsert({ monthly: 1_000 })));
  await world.commandResult(await world.addCommand(purchase({ amount: 500 })));
  expect(await world.usageResult(await world.addUsage(call))).toMatchObject({ accepted: 1 });
  expect(await left(world)).toEqual({ monthly: 0, bonus: 300, events: 1, cost: 1_200 });
  return call;
}

test('one that is flushed, one that is not, and one that has not come', async () => {
  const world = await openWorld();
  await holdFlushes(world);
  await world.service();
  const call = await charged(world);
  const [first, second, other] = [voidOf('e'), voidOf('e'), voidOf('later')];
  const jobs = [];
  for (const command of [first, second, other]) jobs.push(await world.addCommand(command));
  await world.until('the void to be taken', async () => (await world.queues.accounts.getActiveCount()) === 1);
  // It waits, and no other command overtakes it.
  expect(await left(world)).toEqual({ monthly: 0, bonus: 300, events: 1, cost: 1_200 });
  expect(await world.queues.accounts.getWaitingCount()).toBe(2);
  await letFlush(world);
  expect(await Promise.all(jobs.map((job) => world.commandResult(job)))).toEqual(
    ['voided', 'already-voided', 'remembered'].map((detail) => ({ outcome: 'applied', detail })),
  );
  expect(await left(world)).toEqual({ monthly: 1_000, bonus: 500, events: 0, cost: 0 });
  expect(await world.usageResult(await world.addUsage({ events: [call, { ...call, id: 'later' }] }))).toMatchObject({
    ...{ accepted: 1, duplicate: 1, deadLetters: 0 },
  });
  await expectBalanced(world, 2);
  expect(await left(world)).toEqual({ monthly: 1_000, bonus: 500, events: 0, cost: 0 });
  const [rollup] = await world.query(
    'SELECT sum(events) AS events, sum(cost) AS cost, sum(input_tokens) AS tokens FROM usage_days',
  );
  expect(Object.values(rollup!).map(Number)).toEqual([0, 0, 0]);
  await world.close();
});

test('a stop leaves a void that waits for ClickHouse to the next start, and finishes what it can', async () => {
  const world = await openWorld();
  await holdFlushes(world);
  const service = await world.service();
  await charged(world);
  const bought = purchase({ amount: 40 });
  const jobs = [await world.addCommand(voidOf('e')), await world.addCommand(bought)];
  jobs.push(await world.addCommand(refund(bought.id, 40)));
  await world.until('the void to be taken', async () => (await world.queues.accounts.getActiveCount()) === 1);
  await service.stop();
  expect(await world.queues.accounts.getJobCounts('active', 'wait', 'failed')).toEqual({
    active: 1,
    wait: 2,
    failed: 0,
  });
  expect(await left(world)).toEqual({ monthly: 0, bonus: 300, events: 1, cost: 1_200 });
  await letFlush(world);
  await world.service();
  const results = await Promise.all(jobs.map((job) => world.commandResult(job)));
  expect(results.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied']);
  expect(await left(world)).toEqual({ monthly: 1_000, bonus: 500, events: 0, cost: 0 });
  await expectBalanced(world, 1);
  await world.close();
});

test('a worker that dies between the read and the commit: the next one does it, and a late one changes nothing', async () => {
  const world = await openWorld();
  const service = await world.service();
  await charged(world);
  await service.stop();
  // Its first call asks for the charge; the second one, with it, never reaches Redis.
  const asked = latch(await world.open(), 'commitCommand', 'after');
  const dying = await world.service({ context: asked.context });
  const job = await world.addCommand(voidOf('e'));
  await asked.arrived;
  dying.force();
  await dying.stop();
  await world.service();
  expect(await world.commandResult(job)).toEqual({ outcome: 'applied', detail: 'voided' });
  asked.open();
  await expectBalanced(world, 1);
  expect(await left(world)).toEqual({ monthly: 1_000, bonus: 500, events: 0, cost: 0 });
  await world.close();
});

test('while ClickHouse is away it is tried again, and said so', async () => {
  const world = await openWorld();
  await world.service();
  await charged(world);
  await world.client.command({ query: 'RENAME TABLE usage_events TO usage_events_away' });
  const job = await world.addCommand(voidOf('e'));
  await world.until('a retry', () => world.lines.some((line) => line.event === 'commit-retry'));
  await world.client.command({ query: 'RENAME TABLE usage_events_away TO usage_events' });
  expect(await world.commandResult(job)).toEqual({ outcome: 'applied', detail: 'voided' });
  expect(world.lines.find((line) => line.event === 'commit-retry')).toMatchObject({ code: 'clickhouse-unavailable' });
  await world.close();
});

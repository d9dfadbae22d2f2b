/**
 * The service as a whole: it stops by itself at the fence, stops gracefully and by force without losing or doubling
 * anything, and holds usage back while ClickHouse does not take what it committed.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { describe, expect, test } from '@jest/globals';
import type { Job, Queue } from 'bullmq';
import { FenceError } from '../../ledger/scripts.ts';
import { event, purchase, upsert } from '../ledger/samples.ts';
import { latch } from './latch.ts';
import { openWorld, type World } from './world.ts';

/** A job of one event of 1,000 µcr; ids count on. */
const usageJob = (n = 1, accountId = 'a') => ({
  events: Array.from({ length: n }, () => {
    const { attributes: _, ...one } = event({ occurredAt: Date.now(), accountId });
    return one;
  }),
});

/** A world whose account `a` has 1,000 credits; its service is stopped again. */
async function openWithAccount(): Promise<World> {
  const world = await openWorld();
  const service = await world.service();
  await world.commandResult(await world.addCommand(upsert({ monthly: 1_000_000_000 })));
  await world.until('the outbox to be empty', async () => (await world.redis.xlen(world.keys.outboxRows)) === 0);
  await service.stop();
  return world;
}

/** Jobs that a process left with its locks come back when these run out; here at once. */
async function loseLocks(world: World, queue: Queue): Promise<void> {
  const active = await world.redis.lrange(queue.toKey('active'), 0, -1);
  if (active.length > 0) await world.redis.del(...active.map((id) => `${queue.toKey(id)}:lock`));
}

/** What the ledger holds in Redis, the flusher's lease aside. */
async function ledgerKeysOf(world: World): Promise<Record<string, string>> {
  const names = (await world.redis.keys(`${world.keys.tag}:ledger:*`)).filter((key) => key !== world.keys.flushLease);
  const bytes = await Promise.all(names.sort().map((key) => world.redis.dumpBuffer(key)));
  return Object.fromEntries(names.map((key, i) => [key, bytes[i]?.toString('base64') ?? '']));
}

async function expectCharged(world: World, events: number): Promise<void> {
  expect(await world.account()).toMatchObject({ events, monthly: 1_000_000_000 - events * 1_000 });
  await world.until('all rows to be in ClickHouse', async () => {
    const [row] = await world.query('SELECT count() AS n FROM usage_events');
    return Number(row!.n) >= events;
  });
  expect(await world.query('SELECT event_id FROM usage_events')).toHaveLength(events);
  expect(await world.query('SELECT DISTINCT event_id FROM usage_events')).toHaveLength(events);
}

describe('the fence while running', () => {
  const changes: readonly [string, string, (world: World) => Promise<unknown>][] = [
    ['the ledger is gone from Redis', 'ledger-is-empty', (w) => w.redis.del(w.keys.meta)],
    ['the sequence went back', 'ledger-went-back', (w) => w.redis.hincrby(w.keys.meta, 'sequence', -1)],
    ['another ledger is there', 'ledger-is-another', (w) => w.redis.hset(w.keys.meta, 'id', 'another')],
  ];
  test.concurrent.each(changes)('%s: the service halts, and takes nothing', async (_, code, change) => {
    const world = await openWithAccount();
    const service = await world.service();
    await world.usageResult(await world.addUsage(usageJob()));
    await world.until('the outbox to be empty', async () => (await world.redis.xlen(world.keys.outboxRows)) === 0);
    const meta = await world.redis.hgetall(world.keys.meta);
    await change(world);
    const before = await ledgerKeysOf(world);
    const jobs = [await world.addUsage(usageJob(3)), await world.addUsage(usageJob(2))];
    const reason = await service.halted;
    expect(reason).toBeInstanceOf(FenceError);
    expect(reason).toMatchObject({ code });
    await service.stop();
    expect(await ledgerKeysOf(world)).toEqual(before);
    const { usage } = world.queues;
    const counts = await usage.getJobCounts('failed', 'active', 'wait');
    expect([counts.failed, counts.active! + counts.wait!]).toEqual([0, 2]);
    await expect(world.service()).rejects.toMatchObject({ code });
    expect(await ledgerKeysOf(world)).toEqual(before);

    await world.redis.hset(world.keys.meta, meta);
    await loseLocks(world, usage);
    await world.service();
    for (const job of jobs) expect(await world.usageResult(job)).toMatchObject({ deadLetters: 0, duplicate: 0 });
    await expectCharged(world, 6);
    await world.close();
  });
});

test.concurrent('a graceful stop finishes what was taken, and takes nothing new', async () => {
  const world = await openWithAccount();
  const slow = latch(await world.open(), 'commitEvents', 'before');
  const service = await world.service({ context: slow.context, usageConcurrency: 10 });
  const jobs: Job[] = [];
  for (let n = 0; n < 30; n += 1) jobs.push(await world.addUsage(usageJob()));
  await slow.arrived;
  const { usage } = world.queues;
  await world.until('ten jobs to be taken', async () => (await usage.getActiveCount()) === 10);
  const stopping = service.stop();
  let stopped = false;
  void stopping.then(() => {
    stopped = true;
  });
  expect([stopped, await usage.getActiveCount()]).toEqual([false, 10]);
  slow.open();
  await stopping;
  expect(await usage.getJobCounts('active', 'wait', 'failed')).toEqual({ active: 0, wait: 20, failed: 0 });
  for (const job of jobs.slice(0, 10)) expect(await world.usageResult(job)).toMatchObject({ accepted: 1 });
  expect(await world.account()).toMatchObject({ events: 10 });
  await service.stop(); // a second time: nothing
  await world.service();
  for (const job of jobs.slice(10)) expect(await world.usageResult(job)).toMatchObject({ accepted: 1 });
  await expectCharged(world, 30);
  await world.close();
});

test.concurrent('a graceful stop that is forced ends, and loses nothing', async () => {
  const world = await openWithAccount();
  const slow = latch(await world.open(), 'commitEvents', 'after');
  const service = await world.service({ context: slow.context });
  const jobs = [await world.addUsage(usageJob(7)), await world.addUsage(usageJob(8))];
  await slow.arrived;
  const stopping = service.stop();
  service.force();
  await stopping;
  const { usage } = world.queues;
  const { active, wait, failed } = await usage.getJobCounts('active', 'wait', 'failed');
  expect([active! + wait!, failed]).toEqual([2, 0]);
  await loseLocks(world, usage);
  await world.service();
  for (const job of jobs) expect(await world.usageResult(job)).toMatchObject({ deadLetters: 0 });
  await expectCharged(world, 15);
  await world.close();
});

test.concurrent.each(['before', 'after'] as const)(
  'a forced stop %s the commit leaves its jobs to be taken again, with no double effect',
  async (where) => {
    const world = await openWithAccount();
    const slow = latch(await world.open(), 'commitEvents', where);
    const service = await world.service({ context: slow.context });
    const bought = purchase({ amount: 500 });
    const job = await world.addUsage(usageJob(40));
    const lone = await world.addUsage(usageJob().events[0]);
    await slow.arrived;
    const { usage } = world.queues;
    await world.until('both jobs to be taken', async () => (await usage.getActiveCount()) === 2);
    service.force();
    await service.stop();
    expect(await usage.getJobCounts('active', 'failed', 'wait')).toEqual({ active: 2, failed: 0, wait: 0 });
    await loseLocks(world, usage);
    await world.service();
    const results = [await world.usageResult(job), await world.usageResult(lone)];
    const told = results.reduce((sum, one) => sum + one.accepted + one.duplicate, 0);
    expect(told).toBe(41);
    expect(results.every(({ parked, deadLetters }) => parked + deadLetters === 0)).toBe(true);
    expect(await world.commandResult(await world.addCommand(bought))).toEqual({ outcome: 'applied' });
    await expectCharged(world, 41);
    await world.close();
  },
);

test.concurrent('a forced stop leaves a command to be taken again, with no double effect', async () => {
  const world = await openWithAccount();
  const slow = latch(await world.open(), 'commitCommand', 'after');
  const service = await world.service({ context: slow.context });
  const jobs = [await world.addCommand(purchase({ amount: 300 })), await world.addCommand(purchase({ amount: 40 }))];
  await slow.arrived;
  service.force();
  await service.stop();
  await loseLocks(world, world.queues.accounts);
  await world.service();
  const results = await Promise.all(jobs.map((job) => world.commandResult(job)));
  expect(results.map(({ outcome }) => outcome)).toEqual(['duplicate', 'applied']);
  expect(await world.account()).toMatchObject({ bonus: 340 });
  await world.close();
});

describe('while ClickHouse is away', () => {
  /** The world's ClickHouse, which does not answer until it is back. */
  function away(world: World): { clickhouse: ClickHouseClient; comeBack: () => void } {
    let isAway = true;
    const clickhouse = new Proxy(world.client, {
      get: (client, name) => {
        const value: unknown = Reflect.get(client, name);
        if (typeof value !== 'function') return value;
        if (!isAway) return value.bind(client);
        return async () => {
          throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
        };
      },
    });
    return {
      clickhouse,
      comeBack: () => {
        isAway = false;
      },
    };
  }

  test.concurrent('usage pauses at the bound, commands go on, and usage goes on when rows are flushed', async () => {
    const world = await openWithAccount();
    const { clickhouse, comeBack } = away(world);
    await world.service({ context: await world.open(), clickhouse, outboxRowsMax: 100 });
    expect(await world.usageResult(await world.addUsage(usageJob(100)))).toMatchObject({ accepted: 100 });
    expect(await world.usageResult(await world.addUsage(usageJob(1)))).toMatchObject({ accepted: 1 });
    await world.until('usage to pause', () => world.lines.some((line) => line.event === 'usage-paused'));
    const held = [await world.addUsage(usageJob(10)), await world.addUsage(usageJob(20))];
    for (let n = 0; n < 3; n += 1) {
      expect(await world.commandResult(await world.addCommand(purchase()))).toEqual({ outcome: 'applied' });
    }
    await world.until('the held jobs to be taken', async () => (await world.queues.usage.getActiveCount()) === 2);
    expect(await world.account()).toMatchObject({ events: 101, bonus: 1_500 });
    expect(world.lines.some((line) => line.event === 'usage-resumed')).toBe(false);

    comeBack();
    for (const job of held) expect(await world.usageResult(job)).toMatchObject({ deadLetters: 0, duplicate: 0 });
    expect(world.lines.some((line) => line.event === 'usage-resumed')).toBe(true);
    await expectCharged(world, 131);
    await world.close();
  });

  test.concurrent('a graceful stop does not wait for room: what waits for it is left to the next start', async () => {
    const world = await openWithAccount();
    const { clickhouse } = away(world);
    const service = await world.service({ context: await world.open(), clickhouse, outboxRowsMax: 10 });
    expect(await world.usageResult(await world.addUsage(usageJob(11)))).toMatchObject({ accepted: 11 });
    await world.until('usage to pause', () => world.lines.some((line) => line.event === 'usage-paused'));
    const held = await world.addUsage(usageJob(5));
    await world.until('the held job to be taken', async () => (await world.queues.usage.getActiveCount()) === 1);
    await service.stop();
    expect(await world.account()).toMatchObject({ events: 11 });
    await loseLocks(world, world.queues.usage);
    await world.service();
    expect(await world.usageResult(held)).toMatchObject({ accepted: 5 });
    await expectCharged(world, 16);
    await world.close();
  });
});

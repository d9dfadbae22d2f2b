/** Platform events on their way to the platform: in order, in the documented shape, at least once, within bounds. */
import { expect, test } from '@jest/globals';
import { Worker } from 'bullmq';
import { type PlatformEvent, platformEventSchema } from '../../schema/platform-event.ts';
import { alerts, purchase, START_MS, serverLimit } from '../ledger/samples.ts';
import { closeAfterTests, freshRedis } from '../support/engines.ts';
import { until } from '../support/until.ts';
import { GRANT, openNotifyWorld, type World } from './notify-world.ts';

const told = async (world: World): Promise<PlatformEvent[]> =>
  (await world.queue.getJobs(['waiting', 'delayed'], 0, -1, true)).map(({ data }) => data as PlatformEvent);

/** An account's credits go down and up again: low and depleted, restored, and so on. */
async function upAndDown(world: World, accountId: string, times: number): Promise<void> {
  await world.account(accountId);
  for (let n = 0; n < times; n += 1) {
    await world.spend(accountId, GRANT);
    await world.real.command(purchase({ accountId, amount: GRANT }), START_MS);
  }
}

test('every event is a job in the order it was decided, in the shape of its schema', async () => {
  const world = await openNotifyWorld();
  await world.account('acme', 1_000_000);
  await world.real.command(alerts(1, { accountId: 'acme' }), START_MS);
  await world.real.command(serverLimit('srv', { accountId: 'acme' }), START_MS);
  await world.spend('acme', 1_000_000);
  await world.real.command(purchase({ accountId: 'acme', amount: 5_500_000 }), START_MS);
  await world.real.setClock(Date.parse('2026-02-01T00:00:00Z'));
  await world.spend('acme', 1);
  const notifier = await world.notifier({ sending: undefined });
  await until('all to be passed on', async () => (await world.redis.xlen(world.context.keys.outboxEvents)) === 0);
  await notifier.stop();
  const events = await told(world);
  expect(events.map(({ type, sequence }) => `${sequence} ${type}`)).toEqual([
    ...['1 credits.low', '2 server.limited', '3 credits.depleted', '4 credits.restored', '5 credits.reset'],
    '6 server.released',
  ]);
  for (const event of events) expect(platformEventSchema.parse(event)).toEqual(event);
  expect(events[2]).toEqual({
    ...{ id: 'acme:3', type: 'credits.depleted', accountId: 'acme', sequence: 3, at: START_MS },
    state: { monthly: '0', bonus: '0', cycle: 1, closed: false, limitedServers: ['srv'] },
  });
  const [job] = await world.queue.getJobs(['waiting'], 0, 0, true);
  expect(job).toMatchObject({ name: 'credits.low', opts: { attempts: 13, removeOnComplete: true } });
});

test('a consumer that throws sees its event again; one that has handled a later one ignores it', async () => {
  const world = await openNotifyWorld();
  await upAndDown(world, 'acme', 2);
  await world.notifier({ sending: undefined });
  await until('all to be told', async () => (await told(world)).length === 4);
  const highest = new Map<string, number>();
  const handled: number[] = [];
  const stale: number[] = [];
  let hasThrown = false;
  const worker = new Worker<PlatformEvent>(
    world.queue.name,
    async ({ data: { accountId, sequence } }) => {
      if (sequence === 2 && !hasThrown) {
        hasThrown = true;
        throw new Error('the database was away');
      }
      if (sequence <= (highest.get(accountId) ?? 0)) return void stale.push(sequence);
      highest.set(accountId, sequence);
      handled.push(sequence);
    },
    { connection: await freshRedis(), prefix: world.context.keys.tag },
  );
  closeAfterTests(() => worker.close());
  await until('the event to come again', () => stale.length === 1);
  expect([handled, stale]).toEqual([[1, 3, 4], [2]]);
  expect(await world.queue.getJobCounts('waiting', 'active', 'delayed', 'failed')).toEqual({
    ...{ waiting: 0, active: 0, delayed: 0, failed: 0 },
  });
});

test('nobody takes them: the relay waits, and beyond its bound the outbox drops the oldest, counted and told', async () => {
  const world = await openNotifyWorld();
  const { keys } = world.context;
  const limits = { pollMs: 5, lookMsMin: 1, leaseMs: 1_000, leaseRenewMs: 100, leaseRetryMs: 30 };
  await upAndDown(world, 'a', 3);
  await world.notifier({ sending: undefined, limits: { ...limits, queueJobsMax: 4, outboxEntriesMax: 5 } });
  await until('the queue to have room for none', async () => (await told(world)).length >= 4);
  const passedOn = (await told(world)).length;
  await upAndDown(world, 'b', 4);
  await until('the oldest to be dropped', async () => (await world.redis.xlen(keys.outboxEvents)) === 5);
  expect(Number((await world.real.counters()).eventsDropped)).toBe(6 - passedOn + 8 - 5);
  const kinds = world.lines.map(({ event }) => event);
  expect(kinds).toContain('platform-events-full');
  expect(world.lines).toContainEqual(expect.objectContaining({ level: 'error', event: 'platform-events-dropped' }));
  await world.queue.drain();
  await until('the rest to be passed on', async () => (await world.redis.xlen(keys.outboxEvents)) === 0);
  // What is left of account b ends with its newest state.
  expect((await told(world)).at(-1)).toMatchObject({ accountId: 'b', sequence: 8, type: 'credits.restored' });
  expect(world.lines.map(({ event }) => event)).toContain('platform-events-resumed');
});

/** The schedule on the real queue: each job at its time, by whichever service takes it, and again after a failure. */
import { expect, test } from '@jest/globals';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { SCHEDULED_JOBS } from '../../jobs/registry.ts';
import { lastRuns, runJob } from '../../jobs/run-job.ts';
import { scheduledTimes, startSchedule } from '../../jobs/schedule.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import { JOBS_QUEUE, openQueue } from '../../workers/queues.ts';
import { RealLedger } from '../ledger/real-ledger.ts';
import { BOOK, START_MS, upsert } from '../ledger/samples.ts';
import { closeAfterTests, freshRedis } from '../support/engines.ts';
import { until } from '../support/until.ts';
import { openWorld, type World } from '../workers/world.ts';
import { toolsOf } from './tools.ts';

async function openSchedules(count: number): Promise<{ world: World; queue: Queue }> {
  const world = await openWorld();
  const tools = toolsOf(await world.open(), undefined, { log: world.log });
  for (let i = 0; i < count; i += 1) {
    const schedule = await startSchedule({ connection: await freshRedis(), tools });
    closeAfterTests(() => schedule.close());
  }
  const queue = openQueue(JOBS_QUEUE, await freshRedis(), world.keys.tag);
  closeAfterTests(() => queue.close());
  return { world, queue };
}

/** Brings the time of a job's next run forward to now; resolves when it has run again. */
async function runNext(world: World, queue: Queue, name: string): Promise<void> {
  const ran = () =>
    world.lines.filter(({ event, job }) => /^job-(ran|failed)$/.test(event ?? '') && job === name).length;
  const before = ran();
  const next = (await queue.getDelayed()).find((job) => job.name === name);
  await next!.promote();
  await until(`${name} to run`, () => ran() > before);
}

/** The job as a third process runs it, at the same time. */
const runAgain = (ledger: LedgerContext) => runJob('cycle-reset', toolsOf(ledger));

test('two services schedule each job once; whoever takes a run runs it, and schedules the next', async () => {
  const { world, queue } = await openSchedules(2);
  const names = SCHEDULED_JOBS.map((job) => job.name).sort();
  const delayed = async () => (await queue.getDelayed()).map((job) => job.name).sort();
  expect(await delayed()).toEqual(names);
  expect([...(await scheduledTimes(queue)).keys()].sort()).toEqual(names);
  for (let i = 0; i < 2; i += 1) {
    await runNext(world, queue, 'redrive-parked');
    await until('the next run to be scheduled', async () => (await delayed()).length === names.length);
  }
  expect((await lastRuns(await world.open())).get('redrive-parked')).toMatchObject({ ok: true });
});

test('a run that fails is told, stays no failed job, and comes again', async () => {
  const { world, queue } = await openSchedules(1);
  await runNext(world, queue, 'reconcile');
  expect((await lastRuns(await world.open())).get('reconcile')).toMatchObject({ ok: false });
  await until('the job to be gone', async () => (await queue.getActiveCount()) === 0);
  expect(await queue.getFailedCount()).toBe(0);
  await runNext(world, queue, 'reconcile');
});

test('a service that starts again leaves a run that is due, or was missed, as it is', async () => {
  const { world, queue } = await openSchedules(1);
  const before = (await queue.getDelayed()).map((job) => job.id).sort();
  const again = await startSchedule({ connection: await freshRedis(), tools: toolsOf(await world.open()) });
  await again.close();
  expect((await queue.getDelayed()).map((job) => job.id).sort()).toEqual(before);
});

test('two services at once: a cycle that ended is granted once, and the job comes again', async () => {
  const { world, queue } = await openSchedules(2);
  const ledger = await world.open();
  const real = await RealLedger.open(world.redis, world.keys.tag, START_MS, BOOK);
  await real.setClock(START_MS);
  await real.command(upsert(), START_MS);
  await real.setClock(Date.parse('2026-04-02T00:00:00Z'));
  for (let i = 0; i < 2; i += 1) await Promise.all([runNext(world, queue, 'cycle-reset'), runAgain(ledger)]);
  const grants = (await real.entries()).filter(({ kind }) => kind === 'grant').map(({ cycle }) => cycle);
  expect(grants).toEqual([1, 2, 3, 4]);
  expect((await lastRuns(ledger)).get('cycle-reset')).toMatchObject({ ok: true });
});

test('a job whose time comes while it is at work is not started beside itself, and holds up no other', async () => {
  const world = await openWorld();
  const started: string[] = [];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  closeAfterTests(async () => release());
  // Its first question to Redis is not answered until the test says so.
  const ledger = await world.open();
  const slow = {
    ...ledger,
    redis: new Proxy(ledger.redis, {
      get: (target, name) => {
        if (name !== 'zrange') return Reflect.get(target, name, target) as unknown;
        return async (...args: Parameters<Redis['zrange']>) => {
          if (args[0] === world.keys.accounts) {
            started.push(args[0]);
            await released;
          }
          return target.zrange(...args);
        };
      },
    }),
  };
  const schedule = await startSchedule({
    connection: await freshRedis(),
    tools: toolsOf(slow, undefined, { log: world.log }),
  });
  closeAfterTests(() => schedule.close());
  const queue = openQueue(JOBS_QUEUE, await freshRedis(), world.keys.tag);
  closeAfterTests(() => queue.close());
  const told = (name: string) => world.lines.filter(({ event }) => event === name).map(({ job }) => job);
  const promote = async (name: string) => (await queue.getDelayed()).find((job) => job.name === name)!.promote();
  await promote('cycle-reset');
  await until('the job to be at work', () => started.length > 0);
  await until('its next time', async () => (await queue.getDelayed()).some(({ name }) => name === 'cycle-reset'));
  await promote('cycle-reset');
  await until('its next time to pass', () => told('job-under-way').includes('cycle-reset'));
  await promote('redrive-parked');
  await until('another job to run', () => told('job-ran').includes('redrive-parked'));
  expect(told('job-ran')).not.toContain('cycle-reset');
  expect(started).toHaveLength(1);
  release();
  await until('the job to end', () => told('job-ran').includes('cycle-reset'));
});

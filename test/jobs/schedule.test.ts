/** The schedule on the real queue: each job at its time, by whichever service takes it, and again after a failure. */
import { expect, test } from '@jest/globals';
import type { Queue } from 'bullmq';
import { SCHEDULED_JOBS } from '../../jobs/registry.ts';
import { lastRuns } from '../../jobs/run-job.ts';
import { scheduledTimes, startSchedule } from '../../jobs/schedule.ts';
import { JOBS_QUEUE, openQueue } from '../../workers/queues.ts';
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

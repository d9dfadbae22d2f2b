/**
 * Commands are applied in the order they were queued, whatever happens to those who apply them: several at once, one that
 * dies with a job, one that only seems dead, one that the fence stops.
 */
import { expect, test } from '@jest/globals';
import { type Job, Worker } from 'bullmq';
import type { AccountCommand } from '../../core/types.ts';
import { FenceError } from '../../ledger/scripts.ts';
import { ACCOUNTS_QUEUE } from '../../workers/queues.ts';
import { alerts, purchase, refund, serverLimit, upsert } from '../ledger/samples.ts';
import { freshRedis } from '../support/engines.ts';
import { latch } from './latch.ts';
import { openWorld, type World } from './world.ts';

/** Ids of the commands in the order they were applied; one that is just being flushed stands in both places. */
async function history(world: World): Promise<string[]> {
  const found = new Map<number, string>();
  for (const [id, fields] of await world.redis.xrange(world.keys.outboxRows, '-', '+')) {
    const at = fields.indexOf('history');
    if (at >= 0) found.set(Number.parseInt(id, 10), (JSON.parse(fields[at + 1]!) as { commandId: string }).commandId);
  }
  const query = 'SELECT sequence, command_id FROM account_history';
  for (const { sequence, command_id } of await world.query(query)) found.set(Number(sequence), command_id!);
  return [...found].sort(([a], [b]) => a - b).map(([, id]) => id);
}

/** Commands of three accounts whose outcome depends on their order: a refund needs its purchase, before and after. */
function commands(count: number): AccountCommand[] {
  const list: AccountCommand[] = ['a', 'b', 'c'].map((accountId) => upsert({ accountId, at: 0 }));
  for (let n = 0; list.length < count; n += 1) {
    const accountId = ['a', 'b', 'c'][n % 3]!;
    const bought = purchase({ accountId, amount: 1_000 + n });
    list.push(bought, { ...refund(bought.id, 400 + n), accountId }, { ...alerts(n), accountId });
    list.push(serverLimit('srv', { accountId }), upsert({ accountId, monthly: 1_000_000 + n }));
  }
  return list;
}

async function queue(world: World, list: readonly AccountCommand[]): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const command of list) jobs.push(await world.addCommand(command));
  return jobs;
}

async function expectAllApplied(world: World, list: readonly AccountCommand[], jobs: readonly Job[]): Promise<void> {
  for (const [i, job] of jobs.entries()) {
    const { outcome } = await world.commandResult(job);
    expect([list[i]!.id, ['applied', 'duplicate'].includes(outcome)]).toEqual([list[i]!.id, true]);
  }
  await world.until('everything to be flushed or stopped', async () => (await history(world)).length >= list.length);
  expect(await history(world)).toEqual(list.map(({ id }) => id));
}

test.concurrent('two processes at once: in their order, each once', async () => {
  const world = await openWorld();
  const list = commands(240);
  const jobs = await queue(world, list.slice(0, 120));
  await Promise.all([world.service(), world.service()]);
  jobs.push(...(await queue(world, list.slice(120))));
  await expectAllApplied(world, list, jobs);
  await world.close();
});

test.concurrent('a worker that died with a job: the job comes first again, and no other is taken meanwhile', async () => {
  const world = await openWorld();
  const list = commands(40);
  const jobs = await queue(world, list.slice(0, 20));
  await world.queues.accounts.setGlobalConcurrency(1);
  const taken = Promise.withResolvers<string>();
  const dying = new Worker(
    ACCOUNTS_QUEUE,
    async (job) => {
      taken.resolve(job.id!);
      await new Promise(() => undefined);
    },
    { connection: await freshRedis(), prefix: world.keys.tag, lockDuration: 1_000, skipStalledCheck: true },
  );
  dying.on('error', () => undefined);
  expect(await taken.promise).toBe(jobs[0]!.id);
  await dying.close(true);
  await world.service();
  jobs.push(...(await queue(world, list.slice(20))));
  const { accounts } = world.queues;
  await world.until(
    'the dead worker’s job to be looked for',
    async () => (await world.redis.exists(accounts.toKey('stalled'))) === 1,
  );
  expect(await accounts.getActiveCount()).toBe(1);
  expect(await history(world)).toEqual([]);
  await expectAllApplied(world, list, jobs);
  expect(await accounts.getFailedCount()).toBe(0);
  await world.close();
});

test.concurrent('a worker that only seemed dead applies its job a second time: nothing happens', async () => {
  const world = await openWorld();
  const list = commands(30);
  const slow = latch(await world.open(), 'commitCommand', 'before');
  await world.service({ context: slow.context });
  const jobs = await queue(world, list);
  await slow.arrived;
  // Its process stands still: its locks run out, and it cannot renew them.
  const lock = `${world.queues.accounts.toKey(jobs[0]!.id!)}:lock`;
  await world.redis.del(lock);
  await world.service();
  await expectAllApplied(world, list, jobs);
  const before = await world.account('a');
  slow.open();
  await world.until('the late commit', () => slow.waiting() > 0);
  await world.until('the lost lock to be noticed', () =>
    world.lines.some(({ event, queue }) => event === 'queue-error' && queue === ACCOUNTS_QUEUE),
  );
  expect(await world.account('a')).toMatchObject({ bonus: before!.bonus, monthly: before!.monthly });
  expect(await history(world)).toEqual(list.map(({ id }) => id));
  const more = await world.addCommand(purchase());
  expect(await world.commandResult(more)).toEqual({ outcome: 'applied' });
  await world.close();
});

test.concurrent('the fence stops the worker in the middle: after it, the next start goes on in the same order', async () => {
  const world = await openWorld();
  const list = commands(30);
  const service = await world.service();
  const jobs = await queue(world, list.slice(0, 10));
  await world.commandResult(jobs.at(-1)!);
  await world.until('the outbox to be empty', async () => (await world.redis.xlen(world.keys.outboxRows)) === 0);
  const meta = await world.redis.hgetall(world.keys.meta);
  await world.redis.del(world.keys.meta);
  jobs.push(...(await queue(world, list.slice(10))));
  expect(await service.halted).toBeInstanceOf(FenceError);
  await service.stop();
  const { accounts } = world.queues;
  const counts = await accounts.getJobCounts('failed', 'active', 'wait');
  expect([counts.failed, counts.active! + counts.wait!]).toEqual([0, list.length - 10]);
  await world.redis.hset(world.keys.meta, meta);
  await world.redis.del(...jobs.map((job) => `${accounts.toKey(job.id!)}:lock`));
  await world.service();
  await expectAllApplied(world, list, jobs);
  await world.close();
});

test.concurrent('a bad command, or one of nonsense, holds no other back', async () => {
  const world = await openWorld();
  await world.service();
  const first = upsert();
  const jobs: Job[] = [await world.addCommand(first)];
  const bad: readonly [string, unknown][] = [
    ['credits.purchase', null],
    ['credits.purchase', [1]],
    ['credits.purchase', 'text'],
    ['credits.purchase', { id: 'x', accountId: 'a', credits: '-1' }],
    ['constructor', { id: 'x', accountId: 'a' }],
    ['account.upsert', { id: 'x', accountId: 'new' }],
    ['credits.refund', { id: 'x', accountId: 'a', purchaseId: 'none', credits: '1' }],
  ];
  for (const [type, data] of bad) jobs.push(await world.addCommand({ type, data }));
  jobs.push(await world.addCommand(purchase()));
  const results = await Promise.all(jobs.map((job) => world.commandResult(job)));
  const invalid = { outcome: 'dead-letter', reason: 'invalid', field: expect.any(String), detail: expect.any(String) };
  expect(results).toEqual([{ outcome: 'applied' }, ...bad.map(() => invalid), { outcome: 'applied' }]);
  await world.close();
});

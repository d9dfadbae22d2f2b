/**
 * `npm run bench -- reset`: how long it takes to reset very many accounts whose cycle ends at the same instant, while
 * events of other accounts are debited at a steady rate through the queue, and what that costs in memory. The service is a
 * process of its own (reset-service.ts); the ratio to writing as many hashes of the same bytes is the figure to compare.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { QueueEvents } from 'bullmq';
import { recordedBook } from '../cli/service.ts';
import type { System } from '../cli/system.ts';
import { createGate } from '../ledger/gate.ts';
import { JOBS_QUEUE, openQueue } from '../workers/queues.ts';
import { cpuOf, keyBytes, processCpuSeconds, round, until, usedMemory } from './measure.ts';
import { seedAccounts, seededId } from './seed-accounts.ts';
import { ACCOUNTS, makeEvents, makeUpserts } from './workload.ts';

export interface ResetOptions {
  readonly accounts: number;
}

/** The steady load: small enough to be carried beside the resets, large enough that a stall shows. */
const EVENTS_PER_JOB = 100;
const JOB_EVERY_MS = 100;
const GATE_EVERY_MS = 20;
const LOOK_MS = 200;
/** A million resets on a slow machine that does other things too. */
const RUN_MS_MAX = 1_800_000;
/** Hashes that the bare pipeline writes: enough for a rate, few enough not to fill Redis twice. */
const BARE_HASHES_MAX = 100_000;
const BARE_PIPELINE = 500;
const END_AHEAD_MS = 5_000;

export async function benchReset(system: System, { accounts }: ResetOptions) {
  const { redis, ledger } = system;
  const book = await recordedBook(system);
  const empty = await usedMemory(redis);
  const endMs = Math.ceil((Date.now() + END_AHEAD_MS) / 1_000) * 1_000;
  // What seeds them is no part of what is measured, and need not wait for the disk.
  await redis.config('SET', 'appendfsync', 'no');
  await seedAccounts(system, book, { count: accounts, endMs });
  await redis.config('SET', 'appendfsync', 'always');
  const seeded = await usedMemory(redis);
  const hashBytes = await keyBytes(redis, ledger.keys.account(seededId(0)));
  await until(async () => Date.now() > endMs);

  const service = await startResetService(system.config.dataDir);
  await system.queues.accounts.addBulk(makeUpserts());
  await until(async () => (await system.queues.accounts.getJobCountByTypes('waiting', 'active')) === 0);
  const load = await startLoad(system);
  const idle = await load.during(() => delay(RUN_UP_MS));
  const rssIdleMiB = await memoryMiB(service, 'VmRSS');
  const before = await cpuSeconds(system, service);
  const run = await load.during(() => resetAll(system, endMs));
  const after = await cpuSeconds(system, service);
  const rssPeakMiB = await memoryMiB(service, 'VmHWM');
  await load.stop();
  await until(async () => (await redis.xlen(ledger.keys.outboxRows)) === 0, RUN_MS_MAX);
  const afterwards = await usedMemory(redis);
  const events = await keyBytes(redis, ledger.keys.outboxEvents);
  service.kill('SIGTERM');
  await once(service, 'exit');

  const bare = await bareWrites(system, Math.min(accounts, BARE_HASHES_MAX));
  const perSecond = accounts / run.result.seconds;
  return {
    accounts,
    seconds: round(run.result.seconds),
    resetsPerSecond: Math.round(perSecond),
    bareHashesPerSecond: Math.round(bare.perSecond),
    bareToResets: round(bare.perSecond / perSecond),
    // Those of the engines and the worker with what the steady load takes of them, which is little of it.
    cpuMicrosPerReset: {
      redis: round(((after.redis - before.redis) * 1e6) / accounts),
      worker: round(((after.worker - before.worker) * 1e6) / accounts),
      clickhouse: round(((after.clickhouse - before.clickhouse) * 1e6) / accounts),
      redisOfBareHash: round(bare.redisMicros),
    },
    load: { idle: idle.load, meanwhile: run.load },
    workerRssMiB: { idle: rssIdleMiB, peak: rssPeakMiB },
    redisPeakMiB: Math.round(run.result.redisPeak / 2 ** 20),
    redisBytesPerAccount: {
      seeded: Math.round((seeded - empty) / accounts),
      // The mail that waits in the hash; platform events are not counted, somebody would have read them.
      afterReset: Math.round((afterwards - events - empty) / accounts),
      hashSeeded: hashBytes,
      hashAfterReset: await keyBytes(redis, ledger.keys.account(seededId(0))),
      platformEvent: Math.round(events / accounts),
    },
  };
}

/** How long the load runs alone before the resets. */
const RUN_UP_MS = 5_000;

/** Makes the job's time come, and waits until no account is due any more. */
async function resetAll({ redis, ledger }: System, endMs: number) {
  const queue = openQueue(JOBS_QUEUE, redis, ledger.keys.tag);
  const delayed = await queue.getDelayed();
  await delayed.find(({ name }) => name === 'cycle-reset')?.promote();
  await queue.close();
  const startMs = performance.now();
  let redisPeak = 0;
  await until(async () => {
    redisPeak = Math.max(redisPeak, await usedMemory(redis));
    await delay(LOOK_MS);
    return (await redis.zcount(ledger.keys.accounts, '-inf', endMs)) === 0;
  }, RUN_MS_MAX);
  return { seconds: (performance.now() - startMs) / 1_000, redisPeak };
}

/** Events of other accounts at a steady rate, each job timed from queueing to done, and gate checks beside them. */
async function startLoad(system: System) {
  const { queues, redis, ledger } = system;
  const done = new QueueEvents('usage', {
    connection: await system.connect({ name: 'bench-events', patient: true }),
    prefix: ledger.keys.tag,
  });
  done.on('error', () => undefined);
  await done.waitUntilReady();
  const gate = createGate({ redis: await system.connect({ name: 'bench-gate', patient: false }) });
  const queued = new Map<string, number>();
  let [jobMs, gateMs]: [number[], number[]] = [[], []];
  done.on('completed', ({ jobId }) => {
    const since = queued.get(jobId);
    if (since !== undefined) jobMs.push(performance.now() - since);
    queued.delete(jobId);
  });
  const over = new AbortController();
  let jobs = 0;
  const every = async (ms: number, work: () => Promise<unknown>): Promise<void> => {
    while (!over.signal.aborted) await Promise.all([work(), delay(ms)]);
  };
  const running = Promise.all([
    every(JOB_EVERY_MS, async () => {
      jobs += 1;
      const jobId = `load-${jobs}`;
      queued.set(jobId, performance.now());
      await queues.usage.add('events', { events: makeEvents(jobId, EVENTS_PER_JOB, Date.now()) }, { jobId });
    }),
    every(GATE_EVERY_MS, async () => {
      const startMs = performance.now();
      const account = `bench-account-${Math.floor(Math.random() * ACCOUNTS)}`;
      await gate.check({ accountId: account, serverId: `${account}-server-0` });
      gateMs.push(performance.now() - startMs);
    }),
  ]);
  const accepted = async () => Number((await redis.hget(ledger.keys.meta, 'accepted')) ?? 0);
  return {
    /** What the load was like while `work` was done. */
    async during<T>(work: () => Promise<T>) {
      [jobMs, gateMs] = [[], []];
      const [before, startMs] = [await accepted(), performance.now()];
      const result = await work();
      const events = (await accepted()) - before;
      const eventsPerSecond = Math.round((events * 1_000) / (performance.now() - startMs));
      return { result, load: { events, eventsPerSecond, jobMs: quantiles(jobMs), gateMs: quantiles(gateMs) } };
    },
    async stop(): Promise<void> {
      over.abort();
      await running;
      await until(async () => queued.size === 0);
      await done.close();
    },
  };
}

function quantiles(values: number[]) {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** As many hashes with the fields of an account that was reset, by nothing but a pipeline. */
async function bareWrites(system: System, count: number) {
  const { redis, ledger } = system;
  const { keys } = ledger;
  const fields = await redis.hgetallBuffer(keys.account(seededId(0)));
  const key = (i: number): string => `${keys.tag}:bench:bare:${seededId(i)}`;
  const before = await cpuOf(system);
  const startMs = performance.now();
  for (let from = 0; from < count; from += BARE_PIPELINE) {
    const pipeline = redis.pipeline();
    for (let i = from; i < Math.min(count, from + BARE_PIPELINE); i += 1) pipeline.hset(key(i), fields);
    await pipeline.exec();
  }
  const perSecond = (count * 1_000) / (performance.now() - startMs);
  return { perSecond, redisMicros: (((await cpuOf(system)).redis - before.redis) * 1e6) / count };
}

async function startResetService(dataDir: string): Promise<ChildProcess> {
  const child = fork(new URL(`./reset-service${extname(import.meta.url)}`, import.meta.url), [], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, FLOWLY_DATA_DIR: dataDir },
  });
  const [word] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (word !== 'ready') throw new Error('The service ended before it was ready.');
  return child;
}

/** Seconds of CPU so far; the worker is the service's process. */
async function cpuSeconds(system: System, { pid }: ChildProcess) {
  const { redis, clickhouse } = await cpuOf(system);
  return { redis, clickhouse, worker: await processCpuSeconds(pid!) };
}

/** What the process has resident now (`VmRSS`), or had at most (`VmHWM`). */
async function memoryMiB({ pid }: ChildProcess, name: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_024);
}

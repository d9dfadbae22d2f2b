/**
 * `npm run bench -- ingest`: events per second from the queue to the rollups, batched and single, against what the
 * engines do alone in the same run: the same rows inserted straight into the same tables, and the same single-event
 * jobs drained by a worker that does nothing. The ratios are the figures to compare; the machine is noisy.
 */
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { Queue } from 'bullmq';
import { connectClickhouse, databaseOf } from '../cli/connections.ts';
import { runService } from '../cli/service.ts';
import type { System } from '../cli/system.ts';
import { migrate } from '../schema/migrate.ts';
import { loadPriceBook } from '../schema/price-book.ts';
import { USAGE_COLUMNS } from '../schema/rows.ts';
import { makeWorker } from '../workers/queues.ts';
import { workerBudget } from './budget.ts';
import { enqueue, makeEvents, makeUpserts } from './workload.ts';

export interface IngestOptions {
  readonly batched: number;
  readonly single: number;
}

const BLOCK_ROWS = 50_000;
const POLL_MS = 20;
/** A run that takes longer is broken. */
const RUN_MS_MAX = 600_000;

export async function benchIngest(system: System, options: IngestOptions) {
  const { ledger, redis, clickhouse, queues } = system;
  const { meta } = ledger.keys;
  const service = await runService(system);
  await queues.accounts.addBulk(makeUpserts());
  await until(async () => (await queues.accounts.getJobCountByTypes('waiting', 'active')) === 0);
  await service.stop();

  const counted = async () => (await redis.hmget(meta, 'accepted', 'flushedRows')).map(Number) as [number, number];
  const run = async (name: string, count: number, perJob: number) => {
    const [accepted, flushed] = await counted();
    await enqueue(queues.usage, makeEvents(name, count, Date.now()), perJob);
    const before = await cpuOf(system);
    const workers = await runService(system);
    const start = performance.now();
    await until(async () => (await counted())[0] >= accepted + count);
    const committed = performance.now() - start;
    await until(async () => (await counted())[1] >= flushed + count);
    const seconds = (performance.now() - start) / 1_000;
    const after = await cpuOf(system);
    await workers.stop();
    const perEvent = (part: keyof typeof after) => round(((after[part] - before[part]) * 1e6) / count);
    return {
      events: count,
      eventsPerSecond: Math.round(count / seconds),
      committedPerSecond: Math.round((count * 1_000) / committed),
      cpuMicrosPerEvent: { worker: perEvent('worker'), redis: perEvent('redis'), clickhouse: perEvent('clickhouse') },
    };
  };

  await run('warm', Math.min(options.batched, 50_000), 500);
  const memoryBefore = await usedMemory(redis);
  const batched = await run('batched', options.batched, 500);
  const single = await run('single', options.single, 1);
  const remembered = options.batched + options.single;
  const memory = { redisBytesPerRememberedEvent: round(((await usedMemory(redis)) - memoryBefore) / remembered) };
  const clickhouseRate = await benchInsert(system, clickhouse, options.batched);
  const noop = await benchNoop(system, options.single);
  const book = await loadPriceBook(system.config.priceBookPath);
  return {
    batched,
    single,
    clickhouse: { rowsPerSecond: clickhouseRate },
    noop: { jobsPerSecond: noop },
    batchedToClickhouse: round(batched.eventsPerSecond / clickhouseRate),
    singleToNoop: round(single.eventsPerSecond / noop),
    memory,
    workerMicrosPerEvent: workerBudget(book, ledger.keys),
  };
}

/** The same rows, straight into a second set of the same tables, one insert after the other. */
async function benchInsert(system: System, clickhouse: ClickHouseClient, rows: number): Promise<number> {
  const database = `${databaseOf(system.engines)}_bench`;
  await migrate(clickhouse, { database });
  const target = connectClickhouse(system.engines, 'writer', database);
  const columns = USAGE_COLUMNS.map((name) => `\`${name}\``).join(', ');
  const source = await clickhouse.exec({
    query: `SELECT ${columns} FROM usage_events LIMIT ${BLOCK_ROWS} FORMAT RowBinary`,
  });
  const block = Buffer.concat(await source.stream.toArray());
  const blocks = Math.max(1, Math.floor(rows / BLOCK_ROWS));
  const start = performance.now();
  for (let i = 0; i < blocks; i += 1) {
    const { stream } = await target.exec({
      query: `INSERT INTO usage_landing (${columns}) FORMAT RowBinary`,
      values: Readable.from([block], { objectMode: false }),
      clickhouse_settings: {
        async_insert: 0,
        insert_deduplication_token: `bench-${i}`,
        deduplicate_blocks_in_dependent_materialized_views: 1,
        max_insert_block_size: '1000000',
        min_insert_block_size_rows: '1000000',
        min_insert_block_size_bytes: '0',
      },
    });
    await stream.resume().toArray();
  }
  const seconds = (performance.now() - start) / 1_000;
  await clickhouse.command({ query: `DROP DATABASE ${database} SYNC` });
  await target.close();
  return Math.round((blocks * BLOCK_ROWS) / seconds);
}

/** The same single-event jobs, drained by a worker that does nothing with them. */
async function benchNoop(system: System, jobs: number): Promise<number> {
  const connection = await system.connect({ name: 'bench', patient: true });
  const name = 'bench-noop';
  const prefix = system.ledger.keys.tag;
  const queue = new Queue(name, { connection, prefix });
  await enqueue(queue, makeEvents('noop', jobs, Date.now()), 1);
  let done = 0;
  const worker = makeWorker(
    name,
    async () => {
      done += 1;
    },
    { connection, prefix, concurrency: system.config.usageConcurrency },
  );
  const start = performance.now();
  void worker.run();
  await until(async () => done >= jobs);
  const seconds = (performance.now() - start) / 1_000;
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
  return Math.round(jobs / seconds);
}

async function usedMemory(redis: System['redis']): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

/** Seconds of CPU used so far by the worker, Redis and ClickHouse. */
async function cpuOf(system: System): Promise<{ worker: number; redis: number; clickhouse: number }> {
  const { user, system: kernel } = process.cpuUsage();
  const info = await system.redis.info('cpu');
  const seconds = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  const pid = system.engines.pids.clickhouse;
  const stat = pid === undefined ? '' : await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const TICKS_PER_SECOND = 100;
  return {
    worker: (user + kernel) / 1e6,
    redis: seconds('used_cpu_user') + seconds('used_cpu_sys'),
    clickhouse: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + RUN_MS_MAX;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('The run did not come to its end.');
    await delay(POLL_MS);
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

/**
 * What the engines do alone, to compare with: the same rows inserted straight into the same tables, and the same
 * single-event jobs drained by a worker that does nothing.
 */
import { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import { Queue } from 'bullmq';
import { connectClickhouse, databaseOf } from '../cli/connections.ts';
import type { System } from '../cli/system.ts';
import { migrate } from '../schema/migrate.ts';
import { USAGE_COLUMNS } from '../schema/rows.ts';
import { makeWorker } from '../workers/queues.ts';
import { cpuOf, cpuPerEvent, until } from './measure.ts';
import { enqueue, makeEvents } from './workload.ts';

const BLOCK_ROWS = 50_000;

/** The same rows, straight into a second set of the same tables, one insert after the other. */
export async function benchInsert(system: System, clickhouse: ClickHouseClient, rows: number) {
  const database = `${databaseOf(system.engines)}_bench`;
  await migrate(clickhouse, { database });
  const target = connectClickhouse(system.engines, 'writer', database);
  const columns = USAGE_COLUMNS.map((name) => `\`${name}\``).join(', ');
  const source = await clickhouse.exec({
    query: `SELECT ${columns} FROM usage_events LIMIT ${BLOCK_ROWS} FORMAT RowBinary`,
  });
  const block = Buffer.concat(await source.stream.toArray());
  const blocks = Math.max(1, Math.floor(rows / BLOCK_ROWS));
  const before = await cpuOf(system);
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
  const after = await cpuOf(system);
  await clickhouse.command({ query: `DROP DATABASE ${database} SYNC` });
  await target.close();
  const inserted = blocks * BLOCK_ROWS;
  return {
    rowsPerSecond: Math.round(inserted / seconds),
    cpuMicrosPerRow: cpuPerEvent(before, after, inserted).clickhouse,
  };
}

/** The same single-event jobs, drained by a worker that does nothing with them. Jobs per second. */
export async function benchNoop(system: System, jobs: number): Promise<number> {
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

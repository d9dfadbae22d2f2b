/**
 * `npm run bench -- ingest`: events per second from the queue to the rollups, batched and single, against what the
 * engines do alone in the same run, and what one event costs, stage by stage, in CPU and in bytes of Redis. The ratios
 * are the figures to compare; the machine is noisy.
 */
import { runService } from '../cli/service.ts';
import type { System } from '../cli/system.ts';
import { loadPriceBook } from '../schema/price-book.ts';
import { commitSteps, workerSteps } from './budget.ts';
import { benchInsert, benchNoop } from './engines-alone.ts';
import { cpuOf, cpuPerEvent, keyBytes, round, until, usedMemory } from './measure.ts';
import { ACCOUNTS, enqueue, makeEvents, makeUpserts } from './workload.ts';

export interface IngestOptions {
  readonly batched: number;
  readonly single: number;
}

/** Before the first run that counts: code is compiled, the engines' caches are filled. */
const WARM_UP_EVENTS = 50_000;

export async function benchIngest(system: System, options: IngestOptions) {
  const { redis, clickhouse } = system;
  const book = await loadPriceBook(system.config.priceBookPath);
  await makeAccounts(system);
  await run(system, 'warm', Math.min(options.batched, WARM_UP_EVENTS), 500);
  const memoryBefore = await usedMemory(redis);
  const batched = await run(system, 'batched', options.batched, 500);
  const single = await run(system, 'single', options.single, 1);
  const remembered = (await usedMemory(redis)) - memoryBefore;
  const accountBytes = await bytesOfAccounts(system);
  const commit = await commitSteps(book, system);
  const insert = await benchInsert(system, clickhouse, options.batched);
  const noop = await benchNoop(system, options.single);
  const steps = workerSteps(book, system);
  const rest = (whole: number, ...parts: number[]): number => round(parts.reduce((left, part) => left - part, whole));
  return {
    batched: batched.eventsPerSecond,
    single: single.eventsPerSecond,
    clickhouse: insert.rowsPerSecond,
    noop,
    batchedToClickhouse: round(batched.eventsPerSecond / insert.rowsPerSecond),
    singleToNoop: round(single.eventsPerSecond / noop),
    redisBytes: {
      perRememberedEvent: round(remembered / (options.batched + options.single)),
      perAccount: round(accountBytes / ACCOUNTS),
      perWaitingRow: commit.bytesPerWaitingRow,
    },
    // Of an event of a large job; `rest` is the stage's whole without the steps that can be timed alone.
    cpuMicrosPerEvent: {
      worker: {
        whole: batched.cpu.worker,
        ...steps,
        commit: commit.worker,
        makeBlock: commit.makeBlock,
        rest: rest(batched.cpu.worker, ...Object.values(steps), commit.worker, commit.makeBlock),
      },
      redis: { whole: batched.cpu.redis, commit: commit.redis, rest: rest(batched.cpu.redis, commit.redis) },
      clickhouse: {
        whole: batched.cpu.clickhouse,
        insert: insert.cpuMicrosPerRow,
        rest: rest(batched.cpu.clickhouse, insert.cpuMicrosPerRow),
      },
    },
    runs: { batched, single },
  };
}

async function makeAccounts(system: System): Promise<void> {
  const { accounts } = system.queues;
  const service = await runService(system);
  await accounts.addBulk(makeUpserts());
  await until(async () => (await accounts.getJobCountByTypes('waiting', 'active')) === 0);
  await service.stop();
}

/** Queues events, then starts the service and waits until all of them are in the rollups. */
async function run(system: System, name: string, events: number, perJob: number) {
  const { redis, ledger } = system;
  const counted = async () =>
    (await redis.hmget(ledger.keys.meta, 'accepted', 'flushedRows')).map(Number) as [number, number];
  const [accepted, flushed] = await counted();
  await enqueue(system.queues.usage, makeEvents(name, events, Date.now()), perJob);
  const before = await cpuOf(system);
  const service = await runService(system);
  const start = performance.now();
  await until(async () => (await counted())[0] >= accepted + events);
  const committedMs = performance.now() - start;
  await until(async () => (await counted())[1] >= flushed + events);
  const rolledUpMs = performance.now() - start;
  const after = await cpuOf(system);
  await service.stop();
  return {
    events,
    eventsPerSecond: Math.round((events * 1_000) / rolledUpMs),
    committedPerSecond: Math.round((events * 1_000) / committedMs),
    cpu: cpuPerEvent(before, after, events),
  };
}

/** Every key of the accounts: state with its servers, ids of commands, place in the order of cycle ends. */
async function bytesOfAccounts({ redis, ledger: { keys } }: System): Promise<number> {
  let bytes = await keyBytes(redis, keys.accounts);
  for (let i = 0; i < ACCOUNTS; i += 1) {
    const id = `bench-account-${i}`;
    bytes += (await keyBytes(redis, keys.account(id))) + (await keyBytes(redis, keys.commands(id)));
  }
  return bytes;
}

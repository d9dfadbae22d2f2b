/**
 * One ledger on the shared engines with its queues: a producer's side, the answers of finished jobs, a service or single
 * workers on it, and what the balances and ClickHouse hold. Everything is closed after its test file, or by `close`.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { type Job, type JobsOptions, type Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { PriceBook } from '../../core/price.ts';
import type { AccountCommand } from '../../core/types.ts';
import { type AccountState, readAccount } from '../../ledger/account.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import { type LedgerKeys, ledgerKeys } from '../../ledger/keys.ts';
import { openLedger } from '../../ledger/open.ts';
import { createLog } from '../../runtime/log.ts';
import type { CommandResult } from '../../workers/accounts/apply-command.ts';
import { clickhouseHistory } from '../../workers/history-store.ts';
import { ACCOUNTS_QUEUE, openQueue, USAGE_QUEUE } from '../../workers/queues.ts';
import { type Service, type ServiceOptions, startService } from '../../workers/service.ts';
import type { UsageJobResult } from '../../workers/usage/job-result.ts';
import { BOOK } from '../ledger/samples.ts';
import { closeAfterTests, freshRedis, freshTag, migratedDatabase } from '../support/engines.ts';
import { until } from '../support/until.ts';

export type LogLine = Record<string, unknown> & { readonly event?: string; readonly level?: string };

export interface World {
  readonly redis: Redis;
  readonly keys: LedgerKeys;
  readonly client: ClickHouseClient;
  readonly database: string;
  readonly queues: { readonly usage: Queue; readonly accounts: Queue };
  readonly log: Logger;
  readonly lines: LogLine[];
  /** The ledger opened anew, as another process would. */
  open(): Promise<LedgerContext>;
  service(options?: Partial<ServiceOptions>): Promise<Service>;
  addUsage(data: unknown, options?: JobsOptions): Promise<Job>;
  addCommand(command: AccountCommand | { type: string; data: unknown }, options?: JobsOptions): Promise<Job>;
  /** What a job returned; waits for it. */
  usageResult(job: Job): Promise<UsageJobResult>;
  commandResult(job: Job): Promise<CommandResult>;
  /** Waits until a condition holds. */
  until(what: string, holds: () => Promise<boolean> | boolean): Promise<void>;
  account(accountId?: string): Promise<AccountState | undefined>;
  meta(): Promise<Record<string, number>>;
  query<T = Record<string, string>>(sql: string): Promise<T[]>;
  close(): Promise<void>;
}

export async function openWorld(book: PriceBook = BOOK): Promise<World> {
  const redis = await freshRedis();
  const queueRedis = await freshRedis();
  const { client, database } = await migratedDatabase();
  const keys = ledgerKeys(freshTag());
  const lines: LogLine[] = [];
  const log = createLog({
    level: 'debug',
    destination: { write: (line) => void lines.push(JSON.parse(line) as LogLine) },
  });
  const queues = {
    usage: openQueue(USAGE_QUEUE, queueRedis, keys.tag),
    accounts: openQueue(ACCOUNTS_QUEUE, queueRedis, keys.tag),
  };
  const results = { usage: await listen(USAGE_QUEUE, keys.tag), accounts: await listen(ACCOUNTS_QUEUE, keys.tag) };
  const services: Service[] = [];
  let closed = false;
  const open = (): Promise<LedgerContext> => openLedger({ redis, keys, history: clickhouseHistory(client) });

  const world: World = {
    ...{ redis, keys, client, database, queues, log, lines, open },
    async service(options = {}) {
      const service = await startService({
        context: options.context ?? (await open()),
        queueConnection: options.queueConnection ?? (await freshRedis()),
        flushConnection: await freshRedis(),
        ...{ clickhouse: client, book, log, acceptDays: 35, usageConcurrency: 100, flushIntervalMs: 50 },
        ...options,
      });
      services.push(service);
      return service;
    },
    addUsage: (data, options = {}) => queues.usage.add('events', data, options),
    addCommand: (command, options = {}) => {
      if ('data' in command) return queues.accounts.add(command.type, command.data, options);
      const { type, ...data } = command;
      return queues.accounts.add(type, JSON.parse(JSON.stringify(data, creditsAsText)), options);
    },
    usageResult: async (job) => (await results.usage.of(job.id!)) as UsageJobResult,
    commandResult: async (job) => (await results.accounts.of(job.id!)) as CommandResult,
    until,
    account: async (accountId = 'a') => (await readAccount(await open(), accountId)).account,
    meta: async () =>
      Object.fromEntries(Object.entries(await redis.hgetall(keys.meta)).map(([name, text]) => [name, Number(text)])),
    query: async <T>(sql: string) => (await client.query({ query: sql, format: 'JSONEachRow' })).json<T>(),
    async close() {
      if (closed) return;
      closed = true;
      for (const service of services) {
        service.force();
        await service.stop();
      }
      await Promise.all([...Object.values(results), ...Object.values(queues)].map((one) => one.close()));
    },
  };
  closeAfterTests(world.close);
  return world;
}

const creditsAsText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `${value / 1_000_000n}.${String(value % 1_000_000n).padStart(6, '0')}` : value;

/** Hears what finished jobs of a queue returned, whenever it is asked. */
async function listen(name: string, prefix: string) {
  const events = new QueueEvents(name, { connection: await freshRedis(), prefix });
  const told = new Map<string, unknown>();
  events.on('completed', ({ jobId, returnvalue }) => told.set(jobId, returnvalue));
  events.on('error', () => undefined);
  await events.waitUntilReady();
  return {
    async of(jobId: string): Promise<unknown> {
      await until(`job ${jobId} of ${name} to finish`, () => told.has(jobId));
      return told.get(jobId);
    },
    close: () => events.close(),
  };
}

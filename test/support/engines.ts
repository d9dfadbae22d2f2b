/**
 * Real engines for tests: one embedded Redis and ClickHouse for the whole run, started by the first test file that asks,
 * stopped and removed by `global-teardown.ts`. Tests do not share data: each takes a tag (Redis) or a database of its own.
 * Importing this file registers an `afterAll` that closes whatever was handed out.
 */
import { randomBytes } from 'node:crypto';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll } from '@jest/globals';
import { Redis } from 'ioredis';
import { type Engines, openEngines } from '../../runtime/sidecars/open-engines.ts';
import { migrate } from '../../schema/migrate.ts';
import { TEST_DATA_DIR_VARIABLE, TEST_LINGER_MS } from './shared-directory.ts';

let opened: Promise<Engines> | undefined;
const closers: (() => Promise<unknown>)[] = [];

afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Closes what stands on the engines before the connections that were handed out until now. */
export function closeAfterTests(close: () => Promise<unknown>): void {
  closers.push(close);
}

/** The engines of this test run; the connection is closed after the test file. */
export function sharedEngines(): Promise<Engines> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Engines> {
  const dataDir = process.env[TEST_DATA_DIR_VARIABLE];
  if (dataDir === undefined)
    throw new Error(`${TEST_DATA_DIR_VARIABLE} is not set: is globalSetup wired in jest.config.js?`);
  const engines = await openEngines({ dataDir, lingerMs: TEST_LINGER_MS });
  closers.push(() => engines.close());
  return engines;
}

/** A partition tag nobody else uses, braces included: `{t-5f0c…}`. */
export function freshTag(): string {
  return `{t-${randomBytes(6).toString('hex')}}`;
}

/** A connection to the shared Redis, closed after the test file. */
export async function freshRedis(): Promise<Redis> {
  const { redis } = await sharedEngines();
  const options = { maxRetriesPerRequest: null };
  const client = 'url' in redis ? new Redis(redis.url, options) : new Redis({ ...redis, ...options });
  closers.push(() => client.quit());
  return client;
}

/** A ClickHouse database of one's own; dropped, and its clients closed, after the test file. */
export type FreshDatabase = {
  readonly database: string;
  /** May do everything in the database. */
  readonly client: ClickHouseClient;
  /** May only read, and not `account_contacts`. */
  readonly reader: ClickHouseClient;
};

export async function freshDatabase(): Promise<FreshDatabase> {
  const { clickhouse } = await sharedEngines();
  const database = `t_${randomBytes(6).toString('hex')}`;
  const { url } = clickhouse;
  const log = { level: ClickHouseLogLevel.OFF }; // errors are asserted, not printed
  const connect = (username: string, password: string) => createClient({ url, username, password, database, log });
  const admin = createClient({ url, username: clickhouse.username, password: clickhouse.password, log });
  await admin.command({ query: `CREATE DATABASE ${database}` });
  const client = connect(clickhouse.username, clickhouse.password);
  const reader = connect(clickhouse.readerUsername, clickhouse.readerPassword);
  closers.push(async () => {
    await admin.command({ query: `DROP DATABASE IF EXISTS ${database} SYNC` });
    await Promise.all([admin.close(), client.close(), reader.close()]);
  });
  return { database, client, reader };
}

/** A fresh database with the program's tables. */
export async function migratedDatabase(): Promise<FreshDatabase> {
  const fresh = await freshDatabase();
  await migrate(fresh.client, { database: fresh.database });
  return fresh;
}

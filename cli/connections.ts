/**
 * Connections to the two engines, with every option that matters given. Owns what is said when one cannot be reached:
 * the engine, the reason, the setting; never a URL, since it may hold a password.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';
import { TransientError } from '../core/errors.ts';
import type { Engines } from '../runtime/sidecars/open-engines.ts';

/** How long an engine may be away when a command starts: one that is just being started with it comes up in seconds. */
const REACH_MS_MAX = 10_000;
const REACH_RETRY_MS = 250;
const CONNECT_MS_MAX = 5_000;
/** Between tries to connect again: quick to be back, gentle while away. */
const RECONNECT_MS_MAX = 1_000;
/** Tries of one command over lost connections before its caller hears of it: some ten seconds. */
const TRIES_PER_REQUEST = 20;
/** Below the idle time after which a proxy between here and there forgets a connection. */
const KEEP_ALIVE_MS = 30_000;
/** A reconcile of a large history reads for minutes. */
const CLICKHOUSE_REQUEST_MS_MAX = 600_000;
const CLICKHOUSE_CONNECTIONS_MAX = 8;
/** Database when the URL names none. */
export const DATABASE_DEFAULT = 'flowly';

/** What a connection to Redis is for. `patient`: its commands wait for as long as Redis is away (BullMQ needs that). */
export interface RedisUse {
  readonly name: string;
  readonly patient: boolean;
}

/** Opens a connection and resolves when Redis answers. */
export async function connectRedis(engines: Engines, log: Logger, { name, patient }: RedisUse): Promise<Redis> {
  const options = {
    lazyConnect: true,
    connectTimeout: CONNECT_MS_MAX,
    keepAlive: KEEP_ALIVE_MS,
    maxRetriesPerRequest: patient ? null : TRIES_PER_REQUEST,
    enableOfflineQueue: true,
    retryStrategy: (times: number) => Math.min(times * 50, RECONNECT_MS_MAX),
  } satisfies RedisOptions;
  const target = engines.redis;
  const redis = 'url' in target ? new Redis(target.url, options) : new Redis({ ...options, ...target });
  let reason = '';
  redis.on('error', (error: Error) => {
    reason = error.message;
  });
  await reach('Redis', 'REDIS_URL', async () => {
    try {
      if (redis.status !== 'ready') await redis.connect();
    } catch (error) {
      redis.disconnect();
      throw /^(WRONGPASS|NOAUTH|NOPERM)/.test(reason)
        ? new Refusal(reason)
        : new Error(reason || (error as Error).message);
    }
  });
  // Every try to connect again closes too; what matters is when it went and when it came back.
  let isAway = false;
  redis.on('close', () => {
    if (!isAway) log.warn({ event: 'redis-away', connection: name, reason }, 'the connection to Redis was lost');
    isAway = true;
  });
  redis.on('ready', () => {
    if (isAway) log.info({ event: 'redis-back', connection: name }, 'Redis answers again');
    isAway = false;
  });
  return redis;
}

/** Ends a connection without waiting for commands that would wait for ever. */
export function disconnectRedis(redis: Redis): void {
  redis.removeAllListeners('close');
  redis.removeAllListeners('ready');
  redis.disconnect();
}

/** Name of the database that the URL's path gives, or `flowly`. */
export function databaseOf(engines: Engines): string {
  const path = decodeURIComponent(new URL(engines.clickhouse.url).pathname.replace(/^\/|\/$/g, ''));
  return path === '' ? DATABASE_DEFAULT : path;
}

/**
 * A client of ClickHouse as writer or reader; without a database until it exists. It follows the embedded engine when
 * that comes back at another port. Close it with `close()`.
 */
export function connectClickhouse(engines: Engines, user: 'writer' | 'reader', database?: string): ClickHouseClient {
  const make = (): ClickHouseClient => {
    const { url, username, password, readerUsername, readerPassword } = engines.clickhouse;
    const bare = new URL(url);
    bare.pathname = '';
    return createClient({
      url: bare,
      username: user === 'writer' ? username : readerUsername,
      password: user === 'writer' ? password : readerPassword,
      ...(database === undefined ? {} : { database }),
      application: 'flowly-credits',
      request_timeout: CLICKHOUSE_REQUEST_MS_MAX,
      max_open_connections: CLICKHOUSE_CONNECTIONS_MAX,
      keep_alive: { enabled: true },
      compression: { request: false, response: false },
      log: { level: ClickHouseLogLevel.OFF },
    });
  };
  let client = make();
  const stopFollowing = engines.onChanged(() => {
    const old = client;
    client = make();
    void old.close();
  });
  const close = async (): Promise<void> => {
    stopFollowing();
    await client.close();
  };
  return new Proxy(client, {
    get: (_, name) => {
      if (name === 'close') return close;
      const value: unknown = Reflect.get(client, name);
      return typeof value === 'function' ? value.bind(client) : value;
    },
  });
}

/** Waits, for a bounded time, until ClickHouse answers. */
export async function reachClickhouse(client: ClickHouseClient): Promise<void> {
  await reach('ClickHouse', 'CLICKHOUSE_URL', async () => {
    const result = await client.ping({ select: true });
    if (result.success) return;
    const words = result.error.message.split('\n')[0] ?? '';
    throw CREDENTIALS_REFUSED.test(words) ? new Refusal(words) : new Error(words);
  });
}

/** ClickHouse's codes for a wrong user or password. */
const CREDENTIALS_REFUSED = /^Code: (192|193|194|516)\b|Authentication failed/;

/** The engine answers, but will not have us: no use in asking again. */
class Refusal extends Error {}

async function reach(engine: string, setting: string, attempt: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + REACH_MS_MAX;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Refusal) && Date.now() < deadline) {
        await delay(REACH_RETRY_MS);
        continue;
      }
      const words = error instanceof Error ? error.message : String(error);
      throw new TransientError(
        'engine-unreachable',
        `${engine} (${setting}) cannot be used: ${words.replace(/\.+\s*$/, '') || 'no answer'}.`,
        { field: setting, cause: error },
      );
    }
  }
}

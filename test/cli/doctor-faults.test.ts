/** What `doctor` says of engines that no test can have: answers of Redis and clocks as they could come, one by one. */
import type { ClickHouseClient } from '@clickhouse/client';
import { describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { Check, Patient } from '../../cli/doctor/check.ts';
import { clockChecks } from '../../cli/doctor/clocks.ts';
import { redisChecks } from '../../cli/doctor/redis.ts';
import { dedupeSelfTest } from '../../cli/doctor/self-test.ts';
import { freshDatabase } from '../support/engines.ts';

const GIB = 1024 ** 3;
const named = (checks: readonly Check[], name: string): Check => checks.find((one) => one.name === name)!;
const patient = (some: Partial<Record<'redis' | 'clickhouse' | 'history', unknown>>): Patient => some as Patient;

/** A Redis that answers INFO with these lines, and CONFIG GET with a value or a refusal. */
const redisOf = (lines: readonly string[], config?: string): Redis =>
  ({
    info: async () => lines.join('\r\n'),
    config: async (_: string, name: string) => {
      if (config !== undefined) return [name, config];
      throw Object.assign(new Error('NOPERM'), { name: 'ReplyError' });
    },
  }) as unknown as Redis;

/** Events of the last hour, as ClickHouse would count them. */
const historyOf = (n: number) => ({ reader: { query: async () => ({ json: async () => [{ n: String(n) }] }) } });

describe('Redis', () => {
  test.each([
    ['redis-version', ['redis_version:6.0.16'], undefined, 'fail', 'Redis 6.0.16'],
    ['redis-version', ['redis_version:7.2.4'], undefined, 'ok', 'Redis 7.2.4'],
    ['redis-eviction', ['maxmemory_policy:allkeys-lru'], undefined, 'fail', 'allkeys-lru'],
    ['redis-durability', ['aof_enabled:0'], 'always', 'fail', 'appendonly no'],
    ['redis-durability', ['aof_enabled:1'], 'everysec', 'warn', 'up to a second'],
    ['redis-durability', ['aof_enabled:1'], 'no', 'fail', 'appendfsync no'],
    ['redis-durability', ['aof_enabled:1'], undefined, 'warn', 'does not tell'],
    ['redis-durability', ['aof_enabled:1'], 'always', 'ok', 'appendfsync always'],
    ['redis-persistence', ['aof_last_write_status:err'], undefined, 'fail', 'aof_last_write_status'],
    ['redis-persistence', ['aof_last_write_status:ok'], undefined, 'ok', 'succeeded'],
  ] as const)('%s: %j, %s → %s', async (name, lines, config, status, words) => {
    const found = await named(redisChecks, name).look(patient({ redis: redisOf(lines, config) }));
    expect(found).toMatchObject({ check: name, status, detail: expect.stringContaining(words) });
    expect(found.fix === null).toBe(status === 'ok');
  });

  const memory = (used: number, max: number): string[] => [
    `used_memory:${used}`,
    `maxmemory:${max}`,
    `total_system_memory:${64 * GIB}`,
  ];

  test.each([
    ['room, and nothing comes', memory(GIB, 10 * GIB), 0, 'ok', '(10 %); no event came'],
    // 5 GiB until usage pauses at 60 %: 30 bytes an event.
    ['room for a year', memory(GIB, 10 * GIB), 10_000, 'ok', 'over a year left'],
    ['room for some days', memory(GIB, 10 * GIB), 1_000_000, 'ok', '178 hours left'],
    ['room for hours', memory(GIB, 10 * GIB), 10_000_000, 'warn', '17 hours left'],
    ['no room', memory(7 * GIB, 10 * GIB), 0, 'fail', 'taking usage pauses above 60 %'],
    ['no bound', memory(GIB, 0), 0, 'warn', 'without a bound'],
  ] as const)('redis-memory: %s', async (_, lines, events, status, words) => {
    const found = await named(redisChecks, 'redis-memory').look(
      patient({ redis: redisOf(lines), history: historyOf(events) }),
    );
    expect(found).toMatchObject({ status, detail: expect.stringContaining(words) });
  });
});

describe('clocks', () => {
  test.each([
    [0, 'ok'],
    [30_000, 'warn'],
    [-30_000, 'warn'],
    [600_000, 'fail'],
  ] as const)('Redis %d ms ahead: %s', async (ahead, status) => {
    const time = async (): Promise<number[]> => [Math.floor((Date.now() + ahead) / 1_000), 999_999];
    const found = await named(clockChecks, 'clock-redis').look(patient({ redis: { time } }));
    expect(found).toMatchObject({ status });
    if (ahead < 0) expect(found.detail).toMatch(/^the clock of Redis is \d+\.\d s behind this process$/);
  });
});

describe('an engine that does not answer', () => {
  test('its checks say that they were not made', async () => {
    expect(await named(redisChecks, 'redis-version').look(patient({}))).toEqual({
      ...{ check: 'redis-version', status: 'warn', detail: 'not looked at: Redis does not answer', fix: null },
    });
  });

  test('or why they could not be', async () => {
    const info = () => Promise.reject(new Error('the connection was lost'));
    expect(await named(redisChecks, 'redis-version').look(patient({ redis: { info } }))).toEqual({
      check: 'redis-version',
      status: 'fail',
      detail: 'could not be looked at: the connection was lost',
      fix: null,
    });
  });
});

describe('the dedupe self-test', () => {
  test('finds nothing wrong with the embedded engine, and leaves nothing behind', async () => {
    const { client } = await freshDatabase();
    expect(await dedupeSelfTest(client)).toEqual([]);
    expect(await (await client.query({ query: 'SHOW TABLES', format: 'JSONEachRow' })).json()).toEqual([]);
  });

  test.each([
    ['takes no tokens', { insert_deduplicate: 0, deduplicate_insert: 'disable' }, 'raw holds 6 instead of 3'],
    ['does not pass them on to its views', { deduplicate_blocks_in_dependent_materialized_views: 0 }, /holds/],
  ] as const)('finds an engine that %s', async (_, settings, fault) => {
    const { client } = await freshDatabase();
    const exec: ClickHouseClient['exec'] = (params) =>
      client.exec({ ...params, clickhouse_settings: { ...params.clickhouse_settings, ...settings } } as never) as never;
    const broken = new Proxy(client, {
      get: (target, name) => {
        const value: unknown = name === 'exec' ? exec : Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const faults = await dedupeSelfTest(broken);
    expect(faults.join('; ')).toMatch(fault);
    expect(await (await client.query({ query: 'SHOW TABLES', format: 'JSONEachRow' })).json()).toEqual([]);
  });
});

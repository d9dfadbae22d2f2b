/** `doctor` on real engines: all well, each thing that was made wrong, engines that are given, and none at all. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { CheckResult } from '../../cli/doctor/check.ts';
import type { LedgerKeys } from '../../ledger/keys.ts';
import { findRedis } from '../../runtime/sidecars/redis-binary.ts';
import { sharedEngines } from '../support/engines.ts';
import { until } from '../support/until.ts';
import { call, makeTestFolder, upsert } from './data.ts';
import { run } from './run.ts';

const folder = makeTestFolder();
let redis: Redis;
let keys: LedgerKeys;
let sql: (query: string) => Promise<string>;
const closers: (() => Promise<unknown>)[] = [];

async function doctor(env: Record<string, string> = folder.env) {
  const { code, stdout, stderr } = await run(['doctor', '--json'], env);
  const found = JSON.parse(stdout) as CheckResult[];
  return { code, stderr, found, of: (name: string) => found.find(({ check }) => check === name) };
}

beforeAll(async () => {
  const { engines, ...opened } = await folder.open();
  ({ redis, keys } = opened);
  const { url, username, password } = engines.clickhouse;
  const client = createClient({ url, username, password, database: 'flowly' });
  closers.push(() => client.close());
  sql = async (query) => {
    const { stream } = await client.exec({ query });
    return Buffer.concat(await stream.toArray()).toString();
  };
});
afterAll(async () => {
  for (const close of closers) await close();
  await folder.remove();
});

test('before the first start: nothing fails, and it says what is not there yet', async () => {
  const { code, of } = await doctor();
  expect(code).toBe(0);
  expect(of('clickhouse-migrations')).toMatchObject({ status: 'warn', fix: expect.stringContaining('start') });
  expect(of('fence')).toMatchObject({ status: 'warn', detail: expect.stringContaining('not looked at') });
});

test('all well: every check is ok, a line a check, and no scratch table is left', async () => {
  await run(['ingest', folder.file('in.ndjson', [upsert('acme', 10), call('e-1', 'acme')])], folder.env);
  await run(['drain'], folder.env);
  const { code, found } = await doctor();
  // How full the disk is is the machine's affair.
  expect(found.filter(({ status, check }) => status !== 'ok' && !check.startsWith('disk'))).toEqual([]);
  expect(code).toBe(0);
  expect(found.find(({ check }) => check === 'mail')).toMatchObject({
    detail: expect.stringMatching(/^mails are written as files to .*\/mails$/),
  });
  for (const one of found) expect(Object.keys(one)).toEqual(['check', 'status', 'detail', 'fix']);
  expect(new Set(found.map(({ check }) => check)).size).toBe(found.length);
  expect(await sql('SHOW TABLES')).not.toContain('doctor');
  const { stdout } = await run(['doctor'], folder.env);
  expect(stdout).toMatch(/^ok {4}redis-eviction +maxmemory-policy noeviction$/m);
  expect(stdout).toMatch(/^\d+ ok, \d warnings?, 0 failed\.$/m);
});

describe('made wrong', () => {
  const config = (name: string, wrong: string, right: string) => ({
    spoil: () => redis.config('SET', name, wrong),
    mend: () => redis.config('SET', name, right),
  });
  const meta = (name: string, wrong: string) => {
    let before = '';
    return {
      spoil: async () => {
        before = (await redis.hget(keys.meta, name)) ?? '';
        await redis.hset(keys.meta, name, wrong);
      },
      mend: () => redis.hset(keys.meta, name, before),
    };
  };
  const credentials = join(folder.env.FLOWLY_DATA_DIR!, 'credentials.json');
  const window = 'ALTER TABLE ledger_entries MODIFY SETTING non_replicated_deduplication_window';
  const OLD = String(Date.now() - 3_600_000);

  test.each<[string, 'warn' | 'fail', RegExp, { spoil: () => Promise<unknown>; mend: () => Promise<unknown> }]>([
    ['redis-eviction', 'fail', /allkeys-lru/, config('maxmemory-policy', 'allkeys-lru', 'noeviction')],
    ['redis-durability', 'warn', /everysec/, config('appendfsync', 'everysec', 'always')],
    ['fence', 'fail', /Redis holds the ledger another/, meta('id', 'another')],
    ['fence', 'fail', /Redis went back in time: it is at sequence 0/, meta('sequence', '0')],
    [
      'data-folder',
      'fail',
      /credentials\.json/,
      {
        spoil: async () => chmodSync(credentials, 0o644),
        mend: async () => chmodSync(credentials, 0o600),
      },
    ],
    [
      'clickhouse-windows',
      'fail',
      /ledger_entries 0$/,
      { spoil: () => sql(`${window} = 0`), mend: () => sql(`${window} = 10000`) },
    ],
    [
      'clickhouse-migrations',
      'fail',
      /9999-newer\.sql, which this version does not know/,
      {
        spoil: () => sql(`INSERT INTO schema_migrations (name, checksum) VALUES ('9999-newer.sql', 'x')`),
        mend: () =>
          sql(`ALTER TABLE schema_migrations DELETE WHERE name = '9999-newer.sql' SETTINGS mutations_sync = 2`),
      },
    ],
    [
      'price-book',
      'fail',
      /Price version "2026-11-01" is in use with other content/,
      {
        spoil: () =>
          sql(
            `INSERT INTO price_versions (name, checksum, content) VALUES ('2026-11-01', 'x', '{"effectiveFrom":"x","models":[]}')`,
          ),
        mend: () => sql(`ALTER TABLE price_versions DELETE WHERE checksum = 'x' SETTINGS mutations_sync = 2`),
      },
    ],
    [
      'queue-usage',
      'warn',
      /^1 job waiting, the oldest for \d+ (min|h), 0 in hand, 0 failed; no service runs$/,
      {
        spoil: async () => {
          await redis.hset('{flowly-0}:usage:old', 'timestamp', OLD);
          await redis.lpush('{flowly-0}:usage:wait', 'old');
        },
        mend: () => redis.del('{flowly-0}:usage:old', '{flowly-0}:usage:wait'),
      },
    ],
    [
      'scheduled-jobs',
      'fail',
      /^reconcile failed at T: drift$/,
      {
        spoil: () => redis.hset(keys.jobRuns, 'reconcile', JSON.stringify({ at: 'T', ok: false, summary: 'drift' })),
        mend: () => redis.del(keys.jobRuns),
      },
    ],
  ])('%s: %s', async (name, status, words, { spoil, mend }) => {
    await spoil();
    try {
      const { code, of } = await doctor();
      expect(of(name)).toMatchObject({ status, detail: expect.stringMatching(words) });
      expect(of(name)!.fix ?? words.source).not.toBe('');
      expect(code).toBe(status === 'fail' ? 1 : 0);
    } finally {
      await mend();
    }
  });

  test('what waits and what was set aside', async () => {
    const lines = [call('p-1', 'nobody'), call('late', 'acme', { occurredAt: Date.now() - 90 * 86_400_000 })];
    await run(['ingest', folder.file('more.ndjson', lines)], folder.env);
    await run(['drain'], folder.env);
    const { code, of } = await doctor();
    expect(of('parked')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^1 item parked, the oldest for \d+ (s|min|h)$/),
    });
    expect(of('dead-letters')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^1 too-late; the oldest for \d+ (s|min|h)$/),
    });
    expect(code).toBe(0);
  });
});

describe('engines that are given', () => {
  test('are looked at like the embedded ones', async () => {
    const port = await freePort();
    const { command } = await findRedis();
    const child = spawn(command, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
      stdio: 'ignore',
    });
    try {
      const { clickhouse } = await sharedEngines();
      const url = new URL(clickhouse.url);
      [url.username, url.password, url.pathname] = [clickhouse.username, clickhouse.password, '/t_doctor'];
      const env = { REDIS_URL: `redis://127.0.0.1:${port}`, CLICKHOUSE_URL: url.href };
      await until('Redis to answer', async () => (await doctor(env)).of('redis')!.status === 'ok');
      const { code, of, stderr } = await doctor(env);
      expect(of('redis')).toMatchObject({ detail: 'the one of REDIS_URL answers' });
      expect(of('redis-durability')).toMatchObject({ status: 'fail', fix: expect.stringContaining('appendonly yes') });
      expect(of('redis-memory')).toMatchObject({ status: 'warn', detail: expect.stringContaining('without a bound') });
      expect(of('clickhouse')).toMatchObject({ status: 'ok' });
      expect(of('data-folder')).toMatchObject({ status: 'ok' });
      expect(code).toBe(1);
      expect(stderr).toBe('');
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  test('and do not answer: said of both, without a password', async () => {
    const env = { REDIS_URL: 'redis://user:secret@127.0.0.1:1', CLICKHOUSE_URL: 'http://writer:secret@127.0.0.1:1' };
    const { code, of, found } = await doctor(env);
    expect(code).toBe(1);
    expect(of('redis')).toMatchObject({ status: 'fail', fix: 'start it, or correct REDIS_URL' });
    expect(of('clickhouse')).toMatchObject({ status: 'fail', fix: 'start it, or correct CLICKHOUSE_URL' });
    expect(JSON.stringify(found)).not.toContain('secret');
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

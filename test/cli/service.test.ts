/**
 * Commands beside a service that runs, is killed, comes back, and is gone for good: nothing is lost, nothing counts
 * twice. And how processes end: by signals, by a reader that goes away, by a Redis that lost its ledger.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { LedgerKeys } from '../../ledger/keys.ts';
import { until } from '../support/until.ts';
import { call, makeTestFolder, upsert } from './data.ts';
import { endAll, type Running, start } from './processes.ts';

const folder = makeTestFolder();
let redis: Redis;
let keys: LedgerKeys;
let usage: Queue;

beforeAll(async () => {
  ({ redis, keys } = await folder.open());
  usage = new Queue('usage', { connection: redis, prefix: keys.tag });
});
afterEach(endAll);
afterAll(async () => {
  await usage.close();
  await folder.remove();
});

const cli = (...argv: string[]): Running => start(argv, folder.env);
const json = async (...argv: string[]): Promise<unknown> => {
  const one = cli(...argv, '--json');
  if ((await one.ended) !== 0) throw new Error(one.stderr());
  return JSON.parse(one.stdout());
};
const service = async (): Promise<Running> => {
  const one = cli('start');
  await one.said('ready.');
  return one;
};
const accepted = async (): Promise<number> => Number((await redis.hget(keys.meta, 'accepted')) ?? 0);

describe('ingest beside a service that is killed', () => {
  const EVENTS = 12_000;
  const lines: object[] = [upsert('acme', 1_000_000)];
  for (let i = 0; i < EVENTS; i += 1) {
    lines.push(call(`k-${i}`, i % 5 === 0 ? 'late' : 'acme'));
    if (i % 3_000 === 1_500) lines.push({ type: 'credits.purchase', id: `buy-${i}`, accountId: 'acme', credits: '10' });
  }
  lines.push(upsert('late', 10_000));
  const file = folder.file('killed.ndjson', lines);

  test('is taken up by the next one, and by ingest itself when none comes', async () => {
    const first = await service();
    const ingest = cli('ingest', file, '--json');
    await until('the first events', async () => (await accepted()) > 500);
    first.child.kill('SIGKILL');
    const second = await service();
    await until('more events', async () => (await accepted()) > 2_500);
    second.child.kill('SIGKILL');
    expect(await ingest.ended).toBe(0);
    expect(JSON.parse(ingest.stdout())).toMatchObject({ events: EVENTS, commands: 6, invalid: 0 });
    await first.ended;
    await second.ended;

    expect(await json('drain', '--timeout', '300')).toEqual({
      queued: 0,
      failed: 0,
      unflushed: 0,
      parked: 0,
      deadLetters: 0,
    });
    expect(await json('reconcile')).toMatchObject({ accounts: 2, events: EVENTS, drift: '0', mismatches: [] });
    expect(await json('usage', '--by', 'account')).toEqual([
      expect.objectContaining({ accountId: 'acme', events: 9_600, credits: '9600' }),
      expect.objectContaining({ accountId: 'late', events: 2_400, credits: '2400' }),
    ]);
    expect(await json('balance', 'acme')).toMatchObject({
      monthly: { remaining: '990400' },
      bonus: { remaining: '40' },
    });
  });
});

describe('start', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s: finishes and exits 0; commands work beside it', async (signal) => {
    const one = await service();
    expect(await json('balance', 'late')).toMatchObject({ total: '7600' });
    expect(await json('reconcile')).toMatchObject({ drift: '0' });
    one.child.kill(signal);
    expect(await one.ended).toBe(0);
    expect(one.stdout()).toBe('');
  });
});

describe('ingest from a pipe', () => {
  test('lines of a slow producer are queued without waiting for a full job; Ctrl-C says how far it got', async () => {
    const before = await accepted();
    const ingest = cli('ingest', '-');
    ingest.child.stdin!.write(
      `${JSON.stringify(call('slow-1', 'acme'))}\n${JSON.stringify(call('slow-2', 'acme'))}\n{"half":`,
    );
    await until('two events', async () => (await accepted()) === before + 2);
    ingest.child.kill('SIGINT');
    expect(await ingest.ended).toBe(1);
    expect(ingest.stderr()).toContain(
      'flowly-credits: stopped: every line up to line 2 is queued (2 events, 0 commands). Run it again to go on; what was taken counts once.',
    );
  });
});

describe('drain', () => {
  test('gives up when the time is up, and says what is left', async () => {
    await json('drain');
    const later = await usage.add('events', { events: [] }, { delay: 3_600_000 });
    const drain = cli('drain', '--timeout', '0.5', '--json');
    expect(await drain.ended).toBe(1);
    expect(JSON.parse(drain.stdout())).toMatchObject({ queued: 1, failed: 0, unflushed: 0 });
    expect(drain.stderr()).toContain('flowly-credits: not drained within 0.5 s: 1 job queued, 0 commits not flushed.');
    await later.remove();
    await json('drain');
  });
});

describe('a reader that goes away', () => {
  test('ends the command quietly', async () => {
    const one = cli('balance', '--all', '--json');
    one.child.stdout!.destroy();
    expect(await one.ended).toBe(0);
    expect(one.stderr()).toBe('');
  });
});

describe('the fence', () => {
  test('a service whose Redis became another ledger ends with 1 and says why; commands refuse it too', async () => {
    await cli('ingest', folder.file('acme.ndjson', [upsert('acme', 1_000_000)])).ended;
    await json('drain');
    const one = await service();
    const id = await redis.hget(keys.meta, 'id');
    await redis.hset(keys.meta, 'id', 'another');
    const job = await usage.add('events', { events: [call('fenced', 'acme', { serverId: 'fenced-srv' })] });
    expect(await one.ended).toBe(1);
    expect(one.stderr()).toMatch(/^flowly-credits: Redis no longer holds the ledger this service works on/m);
    const balance = cli('balance', 'acme');
    expect(await balance.ended).toBe(1);
    expect(balance.stderr()).toMatch(
      /^flowly-credits: Redis holds the ledger another, ClickHouse the history of .*\n$/,
    );
    // What it had taken was left, not lost: with the right ledger back it is charged.
    await redis.hset(keys.meta, 'id', id!);
    await json('drain', '--timeout', '300');
    expect(await redis.exists(usage.toKey(job.id!))).toBe(0);
    expect(await json('usage', '--server', 'fenced-srv', '--by', 'none')).toMatchObject([{ events: 1 }]);
  });
});

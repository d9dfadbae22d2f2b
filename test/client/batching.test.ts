/** How recorded events become jobs: by count, bytes and time; as they were recorded, checked at once. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { UsageClientOptions } from '../../client/options.ts';
import {
  createUsageClient,
  USAGE_QUEUE_NAME,
  type UsageClient,
  type UsageEventInput,
} from '../../client/usage-client.ts';
import { usageEventSchema } from '../../schema/event.ts';
import { USAGE_QUEUE } from '../../workers/queues.ts';
import { freshRedis, freshTag } from '../support/engines.ts';
import { until } from '../support/until.ts';
import { event, queuedIds } from './world.ts';

const NEVER_MS = 60_000;

let redis: Redis;
let prefix: string;
const clients: UsageClient[] = [];

beforeAll(async () => {
  redis = await freshRedis();
});
beforeEach(() => {
  prefix = freshTag();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  const keys = await redis.keys(`${prefix}:*`);
  if (keys.length > 0) await redis.del(keys);
});

const open = (options: UsageClientOptions = {}): UsageClient => {
  const client = createUsageClient({ connection: redis, prefix, ...options });
  clients.push(client);
  return client;
};

test('the queue is the workers’', () => expect(USAGE_QUEUE_NAME).toBe(USAGE_QUEUE));

describe('a job is closed', () => {
  test('by its count, and what is left by a flush', async () => {
    const client = open({ batchEventsMax: 3, batchWaitMs: NEVER_MS });
    const recorded = Array.from({ length: 7 }, (_, i) => client.record(event(`e${i}`)));
    await Promise.all(recorded.slice(0, 6).map(({ queued }) => queued));
    expect(await queuedIds(redis, prefix)).toEqual([
      ['e0', 'e1', 'e2'],
      ['e3', 'e4', 'e5'],
    ]);
    await client.flush();
    await recorded[6]!.queued;
    expect((await queuedIds(redis, prefix)).at(-1)).toEqual(['e6']);
    await client.flush(); // nothing to do
    expect(await queuedIds(redis, prefix)).toHaveLength(3);
  });

  test('by its bytes: none has more, and none could have had one event more', async () => {
    const batchBytesMax = 64 * 1024;
    const client = open({ batchBytesMax, batchWaitMs: NEVER_MS });
    const attributes = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`key-${i}`, 'ü€'.repeat(100 + i)]));
    for (let i = 0; i < 60; i += 1) client.record(event(`e${i}`, { attributes }));
    await client.flush();
    const queue = new Queue(USAGE_QUEUE, { connection: redis, prefix, skipMetasUpdate: true });
    const jobs = await queue.getJobs(['waiting'], 0, -1, true);
    await queue.close();
    const texts = jobs.map((job) => JSON.stringify(job.data));
    expect(texts.length).toBeGreaterThan(3);
    for (const [i, text] of texts.entries()) {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(batchBytesMax);
      const next = (jobs[i + 1]?.data as { events: object[] } | undefined)?.events[0];
      const more = next === undefined ? batchBytesMax : Buffer.byteLength(`,${JSON.stringify(next)}`);
      expect(Buffer.byteLength(text) + more).toBeGreaterThan(batchBytesMax);
    }
    expect((await queuedIds(redis, prefix)).flat()).toEqual(Array.from({ length: 60 }, (_, i) => `e${i}`));
  });

  test('by time: without a flush, together with what came meanwhile', async () => {
    const client = open();
    const first = client.record(event('e1'));
    const second = client.record(event('e2'));
    await Promise.all([first.queued, second.queued]);
    expect(await queuedIds(redis, prefix)).toEqual([['e1', 'e2']]);
    await client.record(event('e3')).queued;
    expect(await queuedIds(redis, prefix)).toEqual([['e1', 'e2'], ['e3']]);
  });

  test('by close', async () => {
    const client = open({ batchWaitMs: NEVER_MS });
    const { queued, settled } = client.record(event('e1'));
    const closed = client.close();
    expect(() => client.record(event('e2'))).toThrow(expect.objectContaining({ code: 'client-closed' }));
    await closed;
    await queued;
    await expect(settled).rejects.toMatchObject({ name: 'TransientError', code: 'client-closed' });
    expect(await queuedIds(redis, prefix)).toEqual([['e1']]);
    await client.close();
  });
});

describe('an event', () => {
  test('is sent as it was when it was recorded, equal after parsing', async () => {
    const client = open();
    const sent = {
      ...event('e1', { keySource: 'byok', occurredAt: '2026-11-22T18:11:34.5+01:00' }),
      tokens: { input: 7, cacheRead: 9 },
      attributes: { b: '2', a: '1', ['__proto__']: 'x' },
    };
    const { queued } = client.record(sent);
    const copy = structuredClone(sent);
    sent.tokens.input = 1_000_000;
    sent.attributes.a = 'changed';
    await queued;
    const queue = new Queue(USAGE_QUEUE, { connection: redis, prefix, skipMetasUpdate: true });
    const [job] = await queue.getJobs(['waiting']);
    await queue.close();
    const [wire] = (job!.data as { events: unknown[] }).events;
    expect(usageEventSchema.parse(wire)).toEqual(usageEventSchema.parse(copy));
    expect(job!.name).toBe('events');
  });

  test.each<[Partial<Record<keyof UsageEventInput | 'extra', unknown>>, string]>([
    [{ id: undefined }, 'id'],
    [{ id: 'a b' }, 'id'],
    [{ accountId: '' }, 'accountId'],
    [{ serverId: 7 }, 'serverId'],
    [{ model: 'x'.repeat(129) }, 'model'],
    [{ occurredAt: 'yesterday' }, 'occurredAt'],
    [{ occurredAt: '2026-11-22T18:11:34' }, 'occurredAt'],
    [{ occurredAt: new Date() }, 'occurredAt'],
    [{ tokens: { input: -1 } }, 'tokens.input'],
    [{ tokens: { input: 1.5 } }, 'tokens.input'],
    [{ tokens: { cache_read: 1 } }, 'tokens.cache_read'],
    [{ keySource: 'BYOK' }, 'keySource'],
    [{ attributes: { a: 1 } }, 'attributes.a'],
    [{ extra: 1 }, 'extra'],
  ])('%j is refused at once, by its field', async (wrong, field) => {
    const client = open();
    const record = () => client.record({ ...event('e1'), ...wrong } as UsageEventInput);
    expect(record).toThrow(expect.objectContaining({ name: 'PermanentError', code: 'invalid', field }));
    await client.flush();
    expect(await queuedIds(redis, prefix)).toEqual([]);
  });
  test.each([null, undefined, 'e1', [event('e1')], 7])('%j is no event', (value) => {
    expect(() => open().record(value as never)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

test('a client decides nothing for the queue, and leaves nothing but its jobs', async () => {
  const client = open();
  await client.record(event('e1')).queued;
  await client.close();
  const keys = (await redis.keys(`${prefix}:*`)).map((key) => key.slice(`${prefix}:usage:`.length));
  expect(keys.filter((key) => !/^[0-9a-f-]{36}$/.test(key)).sort()).toEqual(['events', 'id', 'marker', 'meta', 'wait']);
  expect(await redis.hkeys(`${prefix}:usage:meta`)).toEqual(['opts.maxLenEvents']); // BullMQ’s own, at any add
});

test('many producers’ jobs are all there', async () => {
  const all = Array.from({ length: 4 }, () => open({ batchEventsMax: 50 }));
  for (let i = 0; i < 2_000; i += 1) all[i % 4]!.record(event(`e${i}`));
  await Promise.all(all.map((client) => client.flush()));
  await until('all jobs', async () => (await queuedIds(redis, prefix)).flat().length === 2_000);
  expect(new Set((await queuedIds(redis, prefix)).flat()).size).toBe(2_000);
});

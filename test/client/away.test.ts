/**
 * A producer whose Redis dies, is cut off, is full or turns it away: nothing is lost and nothing is queued twice, and
 * what cannot be queued says why.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { UsageClientOptions } from '../../client/options.ts';
import { createUsageClient, type RecordedEvent, type UsageClient } from '../../client/usage-client.ts';
import { until } from '../support/until.ts';
import { Line, OwnRedis } from './own-redis.ts';
import { codeOf, event, queuedIds } from './world.ts';

const PREFIX = '{flowly-0}';

let own: OwnRedis | undefined;
let line: Line | undefined;
let client: UsageClient | undefined;

afterEach(async () => {
  await client?.close().catch(() => undefined); // rejects where the test left events that cannot be queued
  await line?.cut();
  await own?.remove();
  own = line = client = undefined;
});

async function startRedis(): Promise<OwnRedis> {
  own = new OwnRedis();
  await own.start();
  return own;
}

function open(options: UsageClientOptions): UsageClient {
  client = createUsageClient({ closeWaitMs: 0, batchWaitMs: 0, ...options });
  return client;
}

const record = (count: number, from = 0): RecordedEvent[] =>
  Array.from({ length: count }, (_, i) => client!.record(event(`e${from + i}`)));
const allQueued = (recorded: readonly RecordedEvent[]) => Promise.all(recorded.map(({ queued }) => queued));

async function expectQueuedOnce(redis: Redis, count: number): Promise<void> {
  const ids = (await queuedIds(redis, PREFIX)).flat();
  expect(ids.sort()).toEqual(Array.from({ length: count }, (_, i) => `e${i}`).sort());
}

describe('a Redis that is away', () => {
  test('killed and started again: what was recorded before and meanwhile is queued, once', async () => {
    const redis = await startRedis();
    open({ connection: { path: redis.socket } });
    await allQueued(record(20));
    await redis.kill();
    const meanwhile = record(20, 20);
    await redis.start();
    await allQueued(meanwhile);
    await client!.flush();
    await expectQueuedOnce(redis.client(), 40);
  });

  test('whose answer is lost on the way back: the job is sent again, and is one job', async () => {
    const redis = await startRedis();
    line = new Line(redis.socket);
    await line.open();
    open({ connection: { path: line.socket } });
    await allQueued(record(1));
    line.isMute = true;
    const unheard = record(1, 1);
    await until('the job to be there', async () => (await queuedIds(redis.client(), PREFIX)).flat().includes('e1'));
    await until('its answer to be lost', () => line!.swallowed > 0);
    await line.cut();
    await line.open();
    await allQueued(unheard);
    await expectQueuedOnce(redis.client(), 2);
  });

  test('for longer than there is room: record refuses, and takes events again once it is back', async () => {
    const redis = await startRedis();
    open({ connection: { path: redis.socket }, waitingEventsMax: 3 });
    await allQueued(record(1));
    await redis.kill();
    const waiting = record(3, 1);
    expect(() => record(1, 4)).toThrow(
      expect.objectContaining({ name: 'TransientError', code: 'client-full', message: expect.stringContaining('3') }),
    );
    await redis.start();
    await allQueued(waiting);
    await allQueued(record(1, 4));
    await expectQueuedOnce(redis.client(), 5);
  });

  test('when the client is closed: close and both promises say that the event is not queued', async () => {
    const redis = await startRedis();
    open({ connection: { path: redis.socket } });
    await allQueued(record(1));
    await redis.kill();
    const [left] = record(1, 1);
    expect(await codeOf(client!.close())).toBe('events-not-queued');
    expect([await codeOf(left!.queued), await codeOf(left!.settled)]).toEqual(['client-closed', 'client-closed']);
  });
});

describe('a Redis that answers and refuses', () => {
  test('because it is full: redis-full, and the same event is taken once there is room', async () => {
    const redis = await startRedis();
    const admin = redis.client();
    open({ connection: { path: redis.socket } });
    await allQueued(record(1));
    await admin.config('SET', 'maxmemory', 1);
    const [refused] = record(1, 1);
    expect([await codeOf(refused!.queued), await codeOf(refused!.settled)]).toEqual(['redis-full', 'redis-full']);
    expect(await codeOf(client!.flush())).toBe('events-not-queued');
    await admin.config('SET', 'maxmemory', 0);
    await allQueued(record(1, 1));
    await client!.flush();
    await expectQueuedOnce(admin, 2);
  });

  test('because of its password: redis-refused, without trying on', async () => {
    const redis = await startRedis();
    await redis.client().config('SET', 'requirepass', 'secret');
    open({ connection: { path: redis.socket, password: 'wrong' } });
    const [refused] = record(1);
    await expect(refused!.queued).rejects.toMatchObject({ name: 'PermanentError', code: 'redis-refused' });
    await expect(refused!.queued).rejects.not.toThrow('wrong');
  });
});

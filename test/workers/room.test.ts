/** Taking pauses when too many rows wait or Redis's memory runs short, and goes on by itself. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import pino from 'pino';
import { ledgerContext } from '../../ledger/context.ts';
import { ledgerKeys } from '../../ledger/keys.ts';
import { Room } from '../../workers/usage/room.ts';
import { freshRedis, freshTag } from '../support/engines.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
let room: Room | undefined;
afterEach(() => room?.close());

/** A room over the shared Redis whose memory is what the test says. */
async function open(memory: { used: number; max: number }) {
  const redis = await freshRedis();
  const keys = ledgerKeys(freshTag());
  await redis.hset(keys.meta, 'rows', '0', 'flushedRows', '0');
  const told = new Proxy(redis, {
    get: (target, name) =>
      name === 'info'
        ? async () => `# Memory\r\nused_memory:${memory.used}\r\nmaxmemory:${memory.max}\r\n`
        : Reflect.get(target, name),
  }) as Redis;
  const pauses: boolean[] = [];
  const context = { ...ledgerContext(redis, keys, 'ledger'), redis: told };
  room = new Room({ context, log, outboxRowsMax: 1_000, onPause: (paused) => pauses.push(paused) });
  return { redis, keys, pauses, room };
}

test('rows over the bound pause at once; the flusher makes room and taking goes on', async () => {
  const { redis, keys, pauses, room } = await open({ used: 1, max: 100 });
  await redis.hset(keys.meta, 'rows', '1001');
  room.sawWaiting(1_001);
  room.sawWaiting(1_002);
  expect(pauses).toEqual([true]);
  await redis.hset(keys.meta, 'flushedRows', '100'); // 901 wait: not low enough yet
  await delay(1_200); // two checks pass
  expect(pauses).toEqual([true]);
  await redis.hset(keys.meta, 'flushedRows', '251');
  await until('the room to change', () => pauses.length === 2);
  expect(pauses).toEqual([true, false]);
});

test('little memory pauses, enough of it goes on, and no bound never pauses', async () => {
  const memory = { used: 61, max: 100 };
  const { pauses, room } = await open(memory);
  await until('the room to change', () => room.isFull);
  memory.used = 56;
  await until('the room to change', () => !room.isFull);
  expect(pauses).toEqual([true, false]);
  memory.used = 1_000;
  memory.max = 0;
  await delay(1_200);
  expect(room.isFull).toBe(false);
});

/**
 * Jobs that no producer of good will makes: halves of surrogate pairs, nesting without end, data that is no JSON.
 * Each becomes a dead letter, what lies beside it is applied, everything reaches ClickHouse, and the service stays up.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { event, purchase, upsert } from '../ledger/samples.ts';
import { openWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
  await world.service();
  await world.commandResult(await world.addCommand(upsert({ monthly: 1_000_000_000 })));
});
afterAll(() => world.close());

const sent = (some: Parameters<typeof event>[0] = {}) => {
  const { attributes, ...one } = event({ occurredAt: Date.now(), tokens: 10, ...some });
  return { ...one, attributes: Object.fromEntries(attributes) };
};
const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = [value];
  return value;
};

/** Waits until everything that was committed is in ClickHouse. */
const flushed = () =>
  world.until('the outbox to be flushed', async () => {
    const { sequence, flushed } = await world.meta();
    return sequence === flushed;
  });

test('ids that are half a character do not stop the flush', async () => {
  const half = ['\ud800', `${'x'.repeat(127)}😀`];
  const result = await world.usageResult(
    await world.addUsage({ events: [...half.map((id) => sent({ id })), sent({ id: 'whole' })] }),
  );
  expect(result).toMatchObject({ accepted: 1, deadLetters: 2 });
  const command = await world.addCommand({
    type: 'credits.purchase',
    data: { ...purchase(), credits: '1', id: `${'y'.repeat(127)}😀` },
  });
  expect(await world.commandResult(command)).toMatchObject({ outcome: 'dead-letter', reason: 'invalid', field: 'id' });
  await flushed();
  const letters = await world.query<{ reason: string; n: number }>(
    'SELECT reason, toUInt32(count()) AS n FROM dead_letters GROUP BY reason',
  );
  expect(letters).toEqual([{ reason: 'invalid', n: 3 }]);
  expect(await world.query("SELECT event_id FROM usage_events WHERE event_id = 'whole'")).toHaveLength(1);
});

/** Adds a job whose text a producer wrote into Redis by itself. Nobody takes it before it is there. */
async function addRaw(queue: Queue, name: string, data: string): Promise<string> {
  await queue.pause();
  const { id } = await queue.add(name, {});
  await world.redis.hset(queue.toKey(id!), 'data', data);
  await queue.resume();
  return id!;
}

const gone = (queue: Queue, id: string) =>
  world.until(`job ${id} to be gone`, async () => (await world.redis.exists(queue.toKey(id))) === 0);

test('nesting without end is set aside, and what comes after it is applied', async () => {
  const deep = JSON.stringify(nested(3_000)).replace('1', `${'['.repeat(20_000)}1${']'.repeat(20_000)}`);
  const { usage, accounts } = world.queues;
  const jobs = [
    [usage, await addRaw(usage, 'events', `{"events":[${deep}]}`)],
    [usage, await addRaw(usage, 'events', deep)],
    [accounts, await addRaw(accounts, 'credits.purchase', `{"id":${deep}}`)],
  ] as const;
  for (const [queue, id] of jobs) await gone(queue, id);
  const after = await world.addCommand(purchase({ amount: 7 }));
  expect(await world.commandResult(after)).toEqual({ outcome: 'applied' });
  await flushed();
});

test('a job that is no JSON is set aside, and its queue goes on', async () => {
  const { usage, accounts } = world.queues;
  const before = (await world.meta()).dead!;
  const broken = [
    [accounts, await addRaw(accounts, 'credits.purchase', '{"credits":NaN,"secret":"s3cret"}')],
    [usage, await addRaw(usage, 'events', '{"events":[{"id":NaN}]}')],
  ] as const;
  const after = await world.addCommand(purchase({ amount: 7 }));
  for (const [queue, id] of broken) await gone(queue, id);
  expect(await world.commandResult(after)).toEqual({ outcome: 'applied' });
  expect((await world.meta()).dead).toBe(before + 2);
  expect(JSON.stringify(world.lines)).not.toContain('s3cret');
  await flushed();
});

test("a producer's stamp from before 1970 counts as none", async () => {
  for (const timestamp of [-5, 1.5, -1e15, 0]) {
    const job = await world.addCommand(purchase({ amount: 3 }), { timestamp });
    expect(await world.commandResult(job)).toEqual({ outcome: 'applied' });
  }
  await flushed();
  expect(await world.query("SELECT 1 FROM dead_letters WHERE reason = 'unflushable'")).toEqual([]);
});

test('a service whose Redis comes back empty stops at once, not at the next commit', async () => {
  const other = await openWorld();
  const context = await other.open();
  const service = await other.service({ context });
  await other.redis.del(other.keys.meta);
  // What a lost connection ends in; the client is the ledger's own.
  expect(context.redis).toBeInstanceOf(Redis);
  context.redis.emit('ready');
  expect(await service.halted).toMatchObject({ code: 'ledger-is-empty' });
  await other.close();
});

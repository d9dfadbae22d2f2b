/** Jobs of the queue `usage` through the real queue: what they return, and that nothing but their data matters. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { JobsOptions } from 'bullmq';
import { STARTS_MAX } from '../../workers/queues.ts';
import type { Service } from '../../workers/service.ts';
import { JOB_BYTES_MAX } from '../../workers/usage/take-job.ts';
import { event, upsert } from '../ledger/samples.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let service: Service;
let now: number;

beforeAll(async () => {
  world = await openWorld();
  now = Date.now();
  service = await world.service();
  await world.commandResult(await world.addCommand(upsert({ monthly: 1_000_000_000 })));
});

/** An event as a producer sends it. */
const sent = (some: Parameters<typeof event>[0] = {}) => {
  const { attributes, ...one } = event({ occurredAt: now, tokens: 10, ...some });
  return { ...one, attributes: Object.fromEntries(attributes) };
};
const run = async (data: unknown, options?: JobsOptions) => world.usageResult(await world.addUsage(data, options));
/** Dead letters that are recorded; ones in doubt wait for ClickHouse a moment. */
const deadLetters = async (): Promise<number> => {
  const { keys, redis } = world;
  await world.until('no dead letter to be in doubt', async () => (await redis.llen(keys.lettersInDoubt)) === 0);
  return (await world.meta()).dead ?? 0;
};
const ALL_ACCEPTED = (n: number) => ({ accepted: n, duplicate: 0, parked: 0, deadLetters: 0, others: [] });

describe('what a job returns', () => {
  test('every event that was not accepted, by its place, with its reason', async () => {
    const first = sent();
    const events = [
      first,
      first,
      { ...first, serverId: 'other' },
      sent({ accountId: 'nobody' }),
      sent({ model: 'unheard-of' }),
      { ...sent(), tokens: { input: -1 } },
      sent(),
      'not an event',
      { ...sent({ id: 'known-id' }), colour: 'red' },
      sent({ occurredAt: now - 40 * 86_400_000 }),
      sent({ occurredAt: now + 600_000 }),
    ];
    const result = await run({ events });
    const id = (n: number): string => (events[n] as { id: string }).id;
    expect(result).toEqual({
      ...{ accepted: 2, duplicate: 1, parked: 2, deadLetters: 6 },
      others: [
        { index: 1, id: first.id, outcome: 'duplicate' },
        { index: 2, id: first.id, outcome: 'dead-letter', reason: 'conflict', field: 'id', detail: expect.any(String) },
        { index: 3, id: id(3), outcome: 'parked', reason: 'unknown-account' },
        { index: 4, id: id(4), outcome: 'parked', reason: 'unknown-model' },
        {
          index: 5,
          id: id(5),
          outcome: 'dead-letter',
          reason: 'invalid',
          field: 'tokens.input',
          detail: expect.any(String),
        },
        {
          index: 7,
          id: '',
          outcome: 'dead-letter',
          reason: 'invalid',
          field: expect.any(String),
          detail: expect.any(String),
        },
        {
          index: 8,
          id: 'known-id',
          outcome: 'dead-letter',
          reason: 'invalid',
          field: 'colour',
          detail: expect.any(String),
        },
        {
          index: 9,
          id: id(9),
          outcome: 'dead-letter',
          reason: 'too-late',
          field: 'occurredAt',
          detail: expect.any(String),
        },
        {
          index: 10,
          id: id(10),
          outcome: 'dead-letter',
          reason: 'future',
          field: 'occurredAt',
          detail: expect.any(String),
        },
      ],
    });
  });

  test('a bare event is a job of one', async () => {
    const one = sent();
    expect(await run(one)).toEqual(ALL_ACCEPTED(1));
    expect(await run(one)).toMatchObject({ accepted: 0, duplicate: 1, others: [{ index: 0, id: one.id }] });
  });

  test('an empty job, and one with other fields beside its events', async () => {
    expect(await run({ events: [] })).toEqual(ALL_ACCEPTED(0));
    expect(await run({ events: [sent()], sentBy: 'me' })).toEqual(ALL_ACCEPTED(1));
  });

  test('5,000 events are split over commits', async () => {
    const before = await world.meta();
    const events = Array.from({ length: 5_000 }, () => sent({ tokens: 1 }));
    expect(await run({ events })).toEqual(ALL_ACCEPTED(5_000));
    const after = await world.meta();
    expect(after.accepted! - before.accepted!).toBe(5_000);
    expect(after.sequence! - before.sequence!).toBeGreaterThanOrEqual(10);
  });
});

describe('data that is no job of events', () => {
  test.each([
    ['null', null],
    ['an array', [1, 2]],
    ['a text', 'events'],
    ['a number', 7],
    ['a boolean', false],
    ['events that are no list', { events: { 0: sent() } }],
    ['events null', { events: null }],
    ['a prototype', JSON.parse('{"__proto__": {"events": []}}')],
  ])('%s is set aside whole', async (_, data) => {
    const dead = await deadLetters();
    const [one, two] = [await run(data), await run(data)];
    expect(one).toMatchObject({ accepted: 0, deadLetters: 1, others: [{ index: 0, outcome: 'dead-letter' }] });
    expect(one.others[0]).toMatchObject({ reason: 'invalid', field: expect.any(String) });
    expect(two).toEqual(one);
    expect(await deadLetters()).toBe(dead + 1);
  });

  const filled = (bytes: number): string => 'x'.repeat(bytes);
  const attributes = Object.fromEntries(
    Array.from({ length: 16 }, (_, i) => [`key-${i}`.padEnd(64, 'k'), 'ä'.repeat(512)]),
  );
  const tooLarge: readonly [string, () => unknown][] = [
    ['one text of 9 MiB', () => filled(9 * 1024 * 1024)],
    ['a bare event with a field of 9 MiB', () => ({ ...sent(), note: filled(9 * 1024 * 1024) })],
    ['many valid events', () => ({ events: Array.from({ length: 50_000 }, () => sent()) })],
    [
      '1,000 valid events, each as large as may be',
      () => ({ events: Array.from({ length: 1_000 }, () => ({ ...sent(), attributes })) }),
    ],
    ['a bad event among few good ones', () => ({ events: [sent(), { ...sent(), note: filled(JOB_BYTES_MAX) }] })],
  ];
  test.each(tooLarge)('over 8 MiB (%s): set aside whole, nothing of it is accepted', async (_, make) => {
    const [dead, { accepted }] = [await deadLetters(), await world.meta()];
    const data = make();
    expect(Buffer.byteLength(JSON.stringify(data))).toBeGreaterThan(JOB_BYTES_MAX);
    expect(await run(data)).toMatchObject({
      ...{ accepted: 0, deadLetters: 1 },
      others: [{ index: 0, outcome: 'dead-letter', reason: 'too-large', field: 'events' }],
    });
    expect([await deadLetters(), (await world.meta()).accepted]).toEqual([dead + 1, accepted]);
  });

  test('just below 8 MiB every event has its own outcome', async () => {
    const events = [sent(), { ...sent(), note: filled(JOB_BYTES_MAX - 2_000) }, sent()];
    expect(await run({ events })).toMatchObject({
      accepted: 2,
      deadLetters: 1,
      others: [{ index: 1, reason: 'invalid' }],
    });
  });

  test('millions of nothings are set aside whole', async () => {
    const result = await run({ events: new Array(4_000_000).fill(0) });
    expect(result).toMatchObject({ accepted: 0, deadLetters: 1, others: [{ reason: 'too-large' }] });
  });
});

describe('what its producer asked for changes nothing', () => {
  const options: readonly [string, JobsOptions][] = [
    ['removeOnComplete: false', { removeOnComplete: false }],
    ['removeOnComplete: 10', { removeOnComplete: 10 }],
    ['removeOnComplete: {count: 10, age: 3600}', { removeOnComplete: { count: 10, age: 3_600 } }],
    ['removeOnFail: true, attempts: 1', { removeOnFail: true, attempts: 1 }],
    ['attempts: 5 with back-off', { attempts: 5, backoff: { type: 'exponential', delay: 60_000 } }],
    ['delay', { delay: 50 }],
    ['priority', { priority: 7 }],
    ['lifo', { lifo: true }],
    ['jobId', { jobId: 'my-own' }],
    ['keepLogs', { keepLogs: 3 }],
    ['stackTraceLimit', { stackTraceLimit: 0 }],
    ['a time in the future', { timestamp: Date.now() + 1e9 }],
  ];
  test.each(options)('%s', async (_, given) => {
    const one = sent();
    const bad = { ...sent(), serverId: '' };
    const job = await world.addUsage({ events: [one, bad, one] }, given);
    expect(await world.usageResult(job)).toMatchObject({ accepted: 1, duplicate: 1, deadLetters: 1 });
    await world.until('the job to be gone', async () => (await world.queues.usage.getJob(job.id!)) === undefined);
  });

  test('a job id that was used before is a new job', async () => {
    const first = await world.addUsage({ events: [sent()] }, { jobId: 'again' });
    await world.usageResult(first);
    await world.until('the job to be gone', async () => (await world.queues.usage.getJob('again')) === undefined);
    const accepted = (await world.meta()).accepted!;
    await world.addUsage({ events: [sent()] }, { jobId: 'again' });
    await world.until('the second to be accepted', async () => (await world.meta()).accepted === accepted + 1);
  });

  test('nothing is left of finished jobs in Redis', async () => {
    await world.until('the queue to be empty', async () => {
      const counts = await world.queues.usage.getJobCounts();
      return Object.values(counts).every((count) => count === 0);
    });
    const left = await world.redis.keys(`${world.keys.tag}:usage:*`);
    expect(left.map((key) => key.split(':').pop()).sort()).toEqual(
      left
        .map((key) => key.split(':').pop())
        .filter((name) => !/^(\d+|my-own|again)$/.test(name!))
        .sort(),
    );
  });
});

test('one bad event never holds back or changes the others, of its job or of others', async () => {
  const bad = [{}, 0, null, [], { events: [] }, { ...sent(), tokens: 'many' }, { ...sent(), id: 'x'.repeat(200) }];
  const jobs = await Promise.all(
    Array.from({ length: 60 }, (_, i) => world.addUsage({ events: [sent(), bad[i % bad.length], sent()] })),
  );
  for (const job of jobs) {
    expect(await world.usageResult(job)).toMatchObject({ accepted: 2, deadLetters: 1, others: [{ index: 1 }] });
  }
});

describe('jobs that were started often', () => {
  const started = async (data: unknown, ats: number) => {
    await world.queues.usage.pause();
    const job = await world.addUsage(data);
    await world.redis.hset(`${world.keys.tag}:usage:${job.id}`, 'ats', ats);
    await world.queues.usage.resume();
    return world.usageResult(job);
  };

  test(`more than ${STARTS_MAX} times: each event becomes a dead letter "internal", and can be sent again`, async () => {
    const events = [sent(), sent(), { ...sent(), serverId: '' }];
    const result = await started({ events }, STARTS_MAX);
    expect(result).toMatchObject({ accepted: 0, deadLetters: 3 });
    expect(result.others.map(({ index, id, ...rest }) => [index, id, 'reason' in rest && rest.reason])).toEqual(
      events.map(({ id }, i) => [i, id, 'internal']),
    );
    await world.until('its dead letters in ClickHouse', async () => {
      const ids = events.map(({ id }) => `'${id}'`).join(',');
      const [row] = await world.query(
        `SELECT count() AS n, uniqExact(body) AS bodies FROM dead_letters WHERE id IN (${ids})`,
      );
      return Number(row!.n) === 3 && Number(row!.bodies) === 3;
    });
    expect(await run({ events })).toMatchObject({ accepted: 2, deadLetters: 1 });
  });

  test('a job of anything else is set aside whole', async () => {
    expect(await started('nonsense', STARTS_MAX)).toMatchObject({
      deadLetters: 1,
      others: [{ reason: 'internal', id: '' }],
    });
  });

  test('up to then it is committed, alone after the tenth', async () => {
    for (const ats of [9, 10, STARTS_MAX - 1]) {
      expect(await started({ events: [sent(), sent()] }, ats)).toEqual(ALL_ACCEPTED(2));
    }
  });
});

test('jobs in `failed` are put back by the next start', async () => {
  const one = sent();
  await service.stop();
  const job = await world.addUsage(one, { attempts: 1 });
  // As BullMQ leaves a job whose handler threw.
  const { usage } = world.queues;
  await world.redis.multi().lrem(usage.toKey('wait'), 1, job.id!).zadd(usage.toKey('failed'), now, job.id!).exec();
  expect(await usage.getFailedCount()).toBe(1);
  service = await world.service();
  expect(await world.usageResult(job)).toEqual(ALL_ACCEPTED(1));
  expect(await usage.getFailedCount()).toBe(0);
  expect(world.lines.find((line) => line.event === 'failed-jobs-retried')).toMatchObject({ queue: 'usage', jobs: 1 });
});

test('no payload stands in the log', () => {
  expect(JSON.stringify(world.lines)).not.toMatch(/claude|srv|xxxx/);
});

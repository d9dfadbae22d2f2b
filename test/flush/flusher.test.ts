/** The flusher in ordinary weather: every table exactly, blocks as bounded, stopping, backlog, two at once. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { readBacklog } from '../../ledger/outbox.ts';
import { until } from '../support/until.ts';
import { expectExact, fullCommit, newWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await newWorld();
});

describe('flushing', () => {
  test('brings every row of every table to ClickHouse once, with its sequence, clock and block', async () => {
    for (let n = 0; n < 5; n += 1) await world.append(fullCommit(n));
    await world.flushAll();
    await expectExact(world);
    const [contact] = await world.query('SELECT email, recipients, locale FROM account_contacts ORDER BY email');
    expect(contact).toEqual({ email: 'u0@example.com', recipients: ['a@example.com', 'b'], locale: 'de' });
    const [dead] = await world.query('SELECT body, toUnixTimestamp64Milli(queued_at) AS ms FROM dead_letters LIMIT 1');
    expect(JSON.parse(dead!.body!)).toEqual({ text: 'a\tb\\c\n"' });
    expect(Number(dead!.ms)).toBe(Date.UTC(2026, 10, 30, 23, 59));
    const [raw] = await world.query(
      `SELECT toUnixTimestamp64Milli(committed_at) AS at, attributes['team'] AS team, toString(paying_cycle) AS paying, toString(bonus_after) AS bonus
       FROM usage_events WHERE event_id = 'e-1-2'`,
    );
    expect(raw).toMatchObject({ team: 'ü2', paying: '1', bonus: '5' });
    expect(Number(raw!.at)).toBe(fullCommit(1).at);
    const [alert] = await world.query("SELECT * EXCEPT block FROM alert_history WHERE alert_id = 'low-1-1'");
    expect(alert).toEqual({
      ...{ account_id: 'acc-1', alert_id: 'low-1-1', built_in: false, kind: 'percent', number: 2000, state: 'armed' },
      ...{ threshold: 200, remaining: 191, granted: 1000, by: 'event', ref: 'e-1-0', silent: true, position: 1 },
      ...{ sequence: 2, committed_at: '2026-11-30 23:59:30.000' },
    });
    const mails = await world.query(
      'SELECT * EXCEPT block FROM mail_history WHERE sequence = 2 ORDER BY mail_history.position',
    );
    const mail = { account_id: 'acc-1', intent_id: 'acc-1:mail:1', kind: 'low-credits', about: 'built-in:low' };
    const cause = { by: 'event', ref: 'e-1-0', sequence: 2, committed_at: '2026-11-30 23:59:30.000' };
    const snapshot = JSON.stringify({ at: Date.UTC(2026, 10, 30, 23, 59), text: 'a\tb\\c' });
    expect(mails).toEqual([
      { ...mail, ...cause, status: 'decided', snapshot, words: 'ü "0"', attempts: 0, position: 0 },
      { ...mail, ...cause, status: 'superseded', snapshot: '', words: 'ü "1"', attempts: 1, position: 1 },
    ]);
  });

  test('keeps to the bound of rows, numbers blocks without gaps, and one commit is never cut', async () => {
    for (let n = 0; n < 10; n += 1) await world.append({ at: 1_000, usage: fullCommit(n, 4).usage! });
    const flusher = world.flusher({ limits: { blockRowsMax: 9, flushIntervalMs: 1 } });
    flusher.start();
    await flusher.flushed();
    await flusher.stop();
    await expectExact(world);
    const blocks = await world.query(
      'SELECT block, first_sequence AS f, last_sequence AS l, rows FROM flushed_blocks ORDER BY block',
    );
    expect(blocks.map(({ block, f, l, rows }) => [block, f, l, rows].map(Number))).toEqual(
      [0, 1, 2, 3, 4].map((i) => [i + 1, 2 * i + 1, 2 * i + 2, 8]),
    );
  });

  test('a commit larger than a block is a block', async () => {
    await world.append(fullCommit(0, 20));
    await world.append(fullCommit(1, 20));
    const flusher = world.flusher({ limits: { blockRowsMax: 5, blockBytesMax: 100 } });
    flusher.start();
    await flusher.flushed();
    await flusher.stop();
    await expectExact(world);
  });

  test('goes on with what comes later, and waits with a block until it is full or old enough', async () => {
    const flusher = world.flusher({ limits: { flushIntervalMs: 300 } });
    flusher.start();
    await world.append(fullCommit(0));
    const startMs = performance.now();
    await flusher.flushed();
    expect(performance.now() - startMs).toBeGreaterThan(250);
    await world.append(fullCommit(1));
    await flusher.flushed();
    await flusher.stop();
    await expectExact(world);
  });

  test('a commit of commands alone, and one that only moves a clock, are flushed', async () => {
    await world.append({ at: 5_000, history: fullCommit(0).history! });
    await world.append({ at: 6_000 });
    await world.flushAll();
    await expectExact(world);
  });

  test('stop ends a block that is being sent, gives the lease back, and is safe to repeat', async () => {
    const flusher = world.flusher({
      signals: (point) => (point === 'sealed' ? void stopped.push(flusher.stop()) : undefined),
    });
    const stopped: Promise<void>[] = [];
    await world.append(fullCommit(0));
    flusher.start();
    await flusher.done;
    await Promise.all([...stopped, flusher.stop()]);
    expect(await world.redis.exists(world.keys.flushLease)).toBe(0);
    await expectExact(world);
  });

  test('flushed rejects when the flusher stops before', async () => {
    await world.append(fullCommit(0));
    const flusher = world.flusher({ limits: { flushIntervalMs: 60_000 } });
    flusher.start();
    const flushed = flusher.flushed();
    const outcome = expect(flushed).rejects.toMatchObject({ code: 'flush-stopped' });
    await flusher.stop();
    await outcome;
    expect((await readBacklog(world.redis, world.keys)).entries).toBe(1);
  });
});

describe('two flushers of one partition', () => {
  test('only one flushes; the other takes over when it stops', async () => {
    const first = world.flusher({ limits: { blockRowsMax: 10 } });
    const second = world.flusher({ limits: { blockRowsMax: 10 } });
    first.start();
    second.start();
    for (let n = 0; n < 20; n += 1) {
      await world.append(fullCommit(n));
      if (n === 10) await first.flushed().then(() => first.stop());
    }
    await second.flushed();
    await second.stop();
    await expectExact(world);
    expect(world.lines.filter(({ event }) => event === 'flush-lease-taken')).toHaveLength(2);
  });

  // The first is held up at a point, as in a process that is stopped; Redis forgets its lease, and the second does the
  // work. Then it wakes up. In the first four it does not even know that time has passed: what it sends has no effect,
  // because of the tokens, and what it wants of Redis is refused. In the last its own clock tells it.
  test.each([
    ['sealed', 600_000],
    ['inserted:usage', 600_000],
    ['inserted:dead_letters', 600_000],
    ['inserted:flushed_blocks', 600_000],
    ['inserted:usage', 3_000],
  ] as const)(
    'one that slept at %s, with a lease of %i ms, changes nothing when it wakes up',
    async (point, leaseMs) => {
      await world.append(fullCommit(0));
      const asleep = Promise.withResolvers<void>();
      const awake = Promise.withResolvers<void>();
      const sleeping = world.flusher({
        limits: { leaseMs, leaseRenewMs: 600_000 },
        signals: async (at) => {
          if (at !== point) return;
          asleep.resolve();
          await awake.promise;
        },
      });
      sleeping.start();
      await asleep.promise;
      if (leaseMs === 600_000) await world.redis.del(world.keys.flushLease);
      const second = world.flusher();
      second.start();
      await second.flushed();
      await expectExact(world);
      awake.resolve();
      await until('the lease to be lost', () => world.lines.some(({ event }) => event === 'flush-lease-lost'));
      await world.append(fullCommit(1));
      await second.flushed();
      await second.stop();
      await sleeping.stop();
      await expectExact(world);
    },
  );
});

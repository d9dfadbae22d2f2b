/**
 * Parked events (contract): they wait for their account or model, are charged once when it is there, whoever releases
 * them and whatever is killed on the way. How many may wait and for how long is parking-bounds.test.ts's.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { commitCommand } from '../../ledger/commit-command.ts';
import { releaseKnown } from '../../workers/maintenance.ts';
import type { CommitGroupOptions } from '../../workers/usage/commit-group.ts';
import { releaseParked } from '../../workers/usage/release.ts';
import { freshRedis } from '../support/engines.ts';
import type { RealLedger } from './real-ledger.ts';
import { BOOK, dearEvent, event, LATER_BOOK, purchase, START_MS, upsert } from './samples.ts';
import { COMMAND_SETTINGS, counts, dump, faulty, lines, listsLeft, openStage, outcomes, withBook } from './stage.ts';

const DAY_MS = 86_400_000;
let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

/** Makes the account known without the release that follows: its worker was killed in between. */
async function killedAfterUpsert(real: RealLedger, accountId = 'a'): Promise<void> {
  const queued = { command: upsert({ accountId }), queuedAt: START_MS };
  expect(await commitCommand(real.context, queued, COMMAND_SETTINGS)).toMatchObject({ outcome: 'applied' });
}

describe('for the account', () => {
  test('an upsert applies the commands first, then the events, in their order', async () => {
    const real = await openStage(redis);
    const first = [event({ tokens: 999_000 }), event({ tokens: 2_000 })];
    expect(await outcomes(real, [...first, first[0]!, { ...first[1]!, serverId: 'x' }])).toEqual([
      ...['parked unknown-account', 'parked unknown-account', 'duplicate', 'dead-letter conflict'],
    ]);
    for (const amount of [300, 400]) await real.command(purchase({ amount }), START_MS);
    expect(await counts(real)).toMatchObject({ parked: 4, accepted: 0, dead: 1 });
    await real.command(upsert(), START_MS);
    expect(await real.account('a')).toMatchObject({ monthly: 0, bonus: 0, uncovered: 300, events: 2 });
    expect(
      (await real.entries()).map(({ kind, monthly, bonus, uncovered }) => [kind, monthly, bonus, uncovered]),
    ).toEqual([
      ['grant', 1_000_000, 0, 0],
      ['purchase', 0, 300, 0],
      ['purchase', 0, 400, 0],
      ['usage', -999_000, 0, 0],
      ['usage', -1_000, -700, 300],
    ]);
    expect(await counts(real)).toMatchObject({ parked: 0, accepted: 2, duplicates: 1 });
    expect(await listsLeft(real)).toEqual([]);
    expect(await outcomes(real, first)).toEqual(['duplicate', 'duplicate']);
  });

  test('it is charged as one that arrived at the release, and too late is judged at the first arrival', async () => {
    const real = await openStage(redis);
    const old = event({ occurredAt: START_MS - 34 * DAY_MS });
    expect(await outcomes(real, [old, event({ occurredAt: START_MS - 36 * DAY_MS })])).toEqual([
      ...['parked unknown-account', 'dead-letter too-late'],
    ]);
    await real.setClock(START_MS + 20 * DAY_MS);
    await real.command(upsert(), START_MS);
    expect(await real.account('a')).toMatchObject({ cycle: 2, monthly: 999_000, events: 1 });
  });

  test('a worker killed between the upsert and the release: the next round of maintenance releases', async () => {
    const real = await openStage(redis);
    await outcomes(real, Array.from({ length: 1_200 }, () => event({ tokens: 1 })).slice(0, 500));
    await outcomes(real, [event({ accountId: 'unknown' })]);
    await killedAfterUpsert(real);
    expect(await real.account('a')).toMatchObject({ events: 0 });
    expect(await releaseKnown(real.options, BOOK)).toBe(500);
    expect(await real.account('a')).toMatchObject({ events: 500, monthly: 999_500 });
    expect(await releaseKnown(real.options, BOOK)).toBe(0);
    expect(await counts(real)).toMatchObject({ parked: 1, accepted: 500 });
  });

  test('the upsert taken again releases too', async () => {
    const real = await openStage(redis);
    await outcomes(real, [event()]);
    const command = upsert();
    await commitCommand(real.context, { command, queuedAt: START_MS }, COMMAND_SETTINGS);
    expect(await real.command(command, START_MS)).toEqual({ outcome: 'duplicate' });
    expect(await real.account('a')).toMatchObject({ events: 1 });
  });

  test('four releases at once charge every event once', async () => {
    const real = await openStage(redis);
    for (let n = 0; n < 3; n += 1)
      await outcomes(
        real,
        Array.from({ length: 500 }, () => event({ tokens: 1 })),
      );
    await killedAfterUpsert(real);
    const list = real.context.keys.parkedEvents('a');
    const workers = Array.from({ length: 4 }, () => releaseParked(withBook(real, BOOK), list));
    const left = await Promise.all(workers);
    expect(left.reduce((sum, n) => sum + n, 0)).toBe(1_500);
    expect(await real.account('a')).toMatchObject({ events: 1_500, monthly: 998_500 });
    expect(await counts(real)).toMatchObject({ parked: 0, accepted: 1_500, duplicates: 0, dead: 0 });
    expect((await lines(real, 'released')).map(({ id }) => id)).toHaveLength(1_500);
    expect(await listsLeft(real)).toEqual([]);
  });

  test.each(['reply lost', 'unavailable'] as const)('a page whose commit meets "%s" is charged once', async (fault) => {
    const real = await openStage(redis);
    await outcomes(real, [event({ tokens: 5 }), event({ tokens: 6 })]);
    await killedAfterUpsert(real);
    const { options, retries } = faulty(real.options, 'commitEvents', fault);
    await releaseParked(options, real.context.keys.parkedEvents('a'));
    expect(retries).toHaveLength(1);
    expect(await real.account('a')).toMatchObject({ events: 2, monthly: 999_989 });
    expect(await counts(real)).toMatchObject({ parked: 0, accepted: 2 });
  });
});

describe('for the model', () => {
  test('a new book releases what it knows, at its price, and leaves the rest', async () => {
    const real = await openStage(redis);
    await real.command(upsert(), START_MS);
    const sent = [event({ model: 'late', tokens: 10 }), event({ model: 'later', tokens: 10 })];
    expect(await outcomes(real, sent)).toEqual(['parked unknown-model', 'parked unknown-model']);
    expect(await releaseKnown(withBook(real, LATER_BOOK), LATER_BOOK)).toBe(1);
    expect(await real.account('a')).toMatchObject({ monthly: 999_980, events: 1 });
    expect(await listsLeft(real)).toEqual([real.context.keys.parkedModels('later')]);
    expect(await releaseKnown(withBook(real, LATER_BOOK), LATER_BOOK)).toBe(0);
    expect(await outcomes(real, sent)).toEqual(['duplicate', 'duplicate']);
  });

  test('for the account first, then for the model', async () => {
    const real = await openStage(redis);
    expect(await outcomes(real, [event({ model: 'late' }), event()])).toEqual([
      ...['parked unknown-account', 'parked unknown-account'],
    ]);
    await real.command(upsert(), START_MS);
    expect(await real.account('a')).toMatchObject({ events: 1 });
    expect(await counts(real)).toMatchObject({ parked: 1 });
    expect(await listsLeft(real)).toEqual([real.context.keys.parkedModels('late')]);
    await releaseKnown(withBook(real, LATER_BOOK), LATER_BOOK);
    expect(await real.account('a')).toMatchObject({ events: 2 });
    expect(await counts(real)).toMatchObject({ parked: 0, accepted: 2 });
  });

  test('an event that has to wait on does not hold back the ones behind it', async () => {
    const real = await openStage(redis);
    await real.command(upsert(), START_MS);
    await real.setClock(START_MS + 10 * DAY_MS);
    const retired = event({ model: 'gone', occurredAt: START_MS + 10 * DAY_MS });
    const inTime = [event({ model: 'gone' }), event({ model: 'gone' })];
    await outcomes(real, [retired, ...inTime]);
    expect(await releaseKnown(withBook(real, LATER_BOOK), LATER_BOOK)).toBeGreaterThanOrEqual(2);
    expect(await real.account('a')).toMatchObject({ events: 2, monthly: 998_000 });
    expect(await counts(real)).toMatchObject({ parked: 1, accepted: 2 });
    const before = await dump(real);
    expect(await releaseKnown(withBook(real, LATER_BOOK), LATER_BOOK)).toBe(0);
    expect(await dump(real)).toEqual(before);
  });

  test('a page that was released and parked again under its old head is not taken for the same page', async () => {
    const real = await openStage(redis);
    await real.command(upsert(), START_MS);
    await real.setClock(START_MS + 10 * DAY_MS);
    const retired = event({ model: 'gone', occurredAt: START_MS + 10 * DAY_MS });
    const inTime = [event({ model: 'gone' }), event({ model: 'gone' })];
    await outcomes(real, [retired, ...inTime]);
    const list = real.context.keys.parkedModels('gone');
    // One worker has read the page when another one releases it; then more events are parked behind its old head.
    const slow = withBook(real, LATER_BOOK);
    const { context } = slow;
    let isFirst = true;
    const overtaken: CommitGroupOptions = {
      ...slow,
      context: {
        ...context,
        run: async (name, keys, args) => {
          if (name === 'commitEvents' && isFirst) {
            isFirst = false;
            await releaseParked(withBook(real, LATER_BOOK), list);
            await outcomes(real, [event({ model: 'gone', tokens: 7 }), event({ model: 'gone', tokens: 8 })]);
          }
          return context.run(name, keys, args);
        },
      },
    };
    await releaseParked(overtaken, list);
    expect(await real.account('a')).toMatchObject({ events: 4, monthly: 1_000_000 - 2_015 });
    expect(await counts(real)).toMatchObject({ accepted: 4, parked: 1 });
  });
});

describe('what cannot be charged on release', () => {
  test('is a dead letter, once, and its id is free again; the others of its page are charged', async () => {
    const real = await openStage(redis);
    const tooMuch = dearEvent();
    const sent = [dearEvent(), event({ tokens: 5 }), tooMuch, event({ tokens: 6 })];
    await outcomes(real, sent);
    await real.command(upsert(), START_MS);
    expect(await real.account('a')).toMatchObject({ events: 3 });
    expect(await lines(real, 'dead')).toMatchObject([{ id: tooMuch.id, reason: 'internal' }]);
    expect(await counts(real)).toMatchObject({ parked: 0, accepted: 3, dead: 1 });
    expect(await outcomes(real, [tooMuch])).toEqual(['dead-letter internal']);
    expect(await outcomes(real, [event({ id: tooMuch.id, tokens: 1 })])).toEqual(['accepted']);
    expect(await counts(real)).toMatchObject({ accepted: 4, dead: 1 });
  });
});

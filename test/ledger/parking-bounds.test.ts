/** The bounds of parking (contract): how much may wait, and for how long; beyond them are dead letters of the same reason. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { expireParked } from '../../workers/expire-parked.ts';
import { freshRedis } from '../support/engines.ts';
import type { RealLedger } from './real-ledger.ts';
import { BOOK, event, purchase, START_MS, upsert } from './samples.ts';
import { counts, lines, listsLeft, openStage, outcomes, withBook } from './stage.ts';

const DAY_MS = 86_400_000;
let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

describe('beyond the bound', () => {
  const bounded = (real: RealLedger, parkedMax: number): void => {
    Object.assign(real.options, { settings: { ...real.options.settings, parkedMax } });
  };

  test('events and commands become dead letters of the same reason, and use no id up', async () => {
    const real = await openStage(redis);
    await real.command(upsert({ accountId: 'known' }), START_MS);
    bounded(real, 3);
    const late = event({ accountId: 'known', model: 'late' });
    const [one, two] = [event(), event()];
    await real.command(purchase(), START_MS);
    expect(await outcomes(real, [one, two, late, one, event({ accountId: 'known' })])).toEqual([
      ...['parked unknown-account', 'parked unknown-account', 'dead-letter unknown-model', 'duplicate', 'accepted'],
    ]);
    const command = purchase({ accountId: 'b' });
    const dead = { outcome: 'dead-letter', reason: 'unknown-account', field: 'accountId' };
    expect(await real.command(command, START_MS)).toMatchObject(dead);
    expect(await real.command(command, START_MS)).toMatchObject(dead);
    expect(await counts(real)).toMatchObject({ parked: 3, dead: 2 });
    await real.command(upsert(), START_MS);
    await real.command(upsert({ accountId: 'b' }), START_MS);
    expect(await counts(real)).toMatchObject({ parked: 0 });
    expect(await outcomes(real, [late])).toEqual(['parked unknown-model']);
    expect(await real.command(command, START_MS)).toEqual({ outcome: 'applied' });
  });

  test('a page is released though all room is taken', async () => {
    const real = await openStage(redis);
    bounded(real, 2);
    expect(await outcomes(real, [event(), event({ model: 'late' }), event()])).toEqual([
      ...['parked unknown-account', 'parked unknown-account', 'dead-letter unknown-account'],
    ]);
    await real.command(upsert(), START_MS);
    expect(await counts(real)).toMatchObject({ parked: 1, accepted: 1 });
  });
});

describe('for over 30 days', () => {
  test('becomes a dead letter of the same reason, its id free again, which a redrive can still apply', async () => {
    const real = await openStage(redis);
    await real.command(upsert({ accountId: 'known' }), START_MS);
    const forAccount = event();
    const forModel = event({ accountId: 'known', model: 'late' });
    const command = purchase();
    await outcomes(real, [forAccount, forModel]);
    await real.command(command, START_MS);
    await real.setClock(START_MS + DAY_MS);
    const younger = event({ occurredAt: START_MS + DAY_MS });
    await outcomes(real, [younger]);
    await real.setClock(START_MS + 30 * DAY_MS);
    expect(await expireParked(real.options)).toBe(0);
    expect(await counts(real)).toMatchObject({ parked: 4, dead: 0 });
    await real.setClock(START_MS + 30 * DAY_MS + 1);
    expect(await expireParked(real.options)).toBe(3);
    expect(await expireParked(real.options)).toBe(0);
    const letters = await lines(real, 'dead');
    expect(letters.map(({ kind, id, reason, field }) => `${kind} ${id} ${reason} ${field}`).sort()).toEqual([
      `command ${command.id} unknown-account accountId`,
      `event ${forAccount.id} unknown-account accountId`,
      `event ${forModel.id} unknown-model model`,
    ]);
    expect(await counts(real)).toMatchObject({ parked: 1, dead: 3, remembered: 4 });
    // What came a day later is still there, and is the next to be looked at.
    const list = real.context.keys.parkedEvents('a');
    expect(await redis.zscore(real.context.keys.parkedIndex, list)).toBe(String(START_MS + DAY_MS));
    await real.command(upsert(), START_MS);
    expect(await real.account('a')).toMatchObject({ events: 1, bonus: 0 });
    expect(await outcomes(real, [forAccount, younger])).toEqual(['accepted', 'duplicate']);
    expect(await real.command(command, START_MS)).toEqual({ outcome: 'applied' });
  });

  test('for its model it goes on counting from its first arrival', async () => {
    const real = await openStage(redis);
    await outcomes(real, [event({ model: 'late' })]);
    await real.setClock(START_MS + 20 * DAY_MS);
    await real.command(upsert(), START_MS);
    expect(await counts(real)).toMatchObject({ parked: 1 });
    await real.setClock(START_MS + 30 * DAY_MS + 1);
    expect(await expireParked(real.options)).toBe(1);
    expect(await lines(real, 'dead')).toMatchObject([{ reason: 'unknown-model' }]);
  });

  test('many at once, by two workers, each once', async () => {
    const real = await openStage(redis);
    const sent = Array.from({ length: 700 }, () => event());
    await outcomes(real, sent.slice(0, 500));
    await outcomes(real, sent.slice(500));
    await real.setClock(START_MS + 31 * DAY_MS);
    await Promise.all([expireParked(real.options), expireParked(withBook(real, BOOK))]);
    expect(await expireParked(real.options)).toBe(0);
    expect(await counts(real)).toMatchObject({ parked: 0, dead: 700, remembered: 700 });
    expect(new Set((await lines(real, 'dead')).map(({ id }) => id)).size).toBe(700);
    expect(await listsLeft(real)).toEqual([]);
  });
});

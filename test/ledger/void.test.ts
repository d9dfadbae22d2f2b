/** `usage.void` in the real ledger (contract rule 7): what comes back where, once, before or after its event. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { DAY_MS, HOUR_MS } from '../../core/limits.ts';
import { MICROS_MAX, micros } from '../../core/money.ts';
import { createGate } from '../../ledger/gate.ts';
import { applyCommand } from '../../workers/accounts/apply-command.ts';
import { freshRedis } from '../support/engines.ts';
import { allEntries, rowsOf } from './outbox-rows.ts';
import type { RealLedger } from './real-ledger.ts';
import { event, purchase, START_MS, serverLimit, upsert, voidOf } from './samples.ts';
import { counts, dump, faulty, lines, outcomes } from './stage.ts';
import { left, openVoidStage, rows, undo } from './voids.ts';

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

const FEBRUARY_MS = Date.parse('2026-02-01T00:00:00Z');

const openAccount = (bonus?: number) => openVoidStage(redis, bonus);
const lastEntry = async (real: RealLedger) => (await real.entries()).at(-1);

describe('of a charged event', () => {
  test('gives monthly, bonus and uncovered back within the cycle, and takes its row back', async () => {
    const real = await openAccount();
    await outcomes(real, [event({ id: 'e', tokens: 150 })]);
    expect(await left(real)).toEqual([0, 0, 30, 1, 150]);
    expect(await undo(real, 'e')).toBe('applied voided');
    expect(await left(real)).toEqual([100, 20, 0, 0, 0]);
    expect(await lastEntry(real)).toEqual({
      ...{ account: 'a', kind: 'void', cycle: 1, monthly: 100, bonus: 20, uncovered: -30 },
    });
    expect(await rows(real)).toEqual(['e 1 150: 0 100 20 30', 'e -1 -150: 0 -100 -20 -30']);
    expect(await counts(real)).toMatchObject({ accepted: 1, dead: 0 });
    expect((await real.counters()).rows).toBe('2');
  });

  test('the row that takes it back is the same but for its numbers, whatever its texts', async () => {
    const real = await openAccount();
    const attributes = Array.from({ length: 16 }, (_, i) => [`k${i}`, 'ä'.repeat(512)] as const);
    const long = { id: 'i'.repeat(128), serverId: 's'.repeat(128), attributes };
    const sent = { ...event(long), tokens: { input: 2 ** 31 - 1, output: 1, cacheRead: 0, cacheWrite: 7 } };
    await real.command(voidOf('early'), START_MS);
    await outcomes(real, [sent, { ...sent, id: 'early' }]);
    await undo(real, sent.id);
    const found = (await allEntries(real.context)).flatMap(rowsOf);
    expect(found.map(({ split }) => split.events)).toEqual([1, 1, -1, -1]);
    const [charged, early, earlyBack, back] = found;
    for (const [there, again] of [
      [charged, back],
      [early, earlyBack],
    ]) {
      const { input, output, cacheRead, cacheWrite } = there!.event.tokens;
      const tokens = { input: -input, output: -output, cacheRead: 0 - cacheRead, cacheWrite: -cacheWrite };
      expect(again!.event).toEqual({ ...there!.event, tokens });
      expect(again!.derived).toEqual({ ...there!.derived, cost: -there!.derived.cost });
    }
  });

  test('of an ended cycle gives the bonus back, monthly nowhere, and lowers what was uncovered then', async () => {
    const real = await openAccount();
    await outcomes(real, [event({ id: 'e', tokens: 150 })]);
    await real.setClock(FEBRUARY_MS + DAY_MS);
    await outcomes(real, [event({ id: 'now', tokens: 125, occurredAt: FEBRUARY_MS + DAY_MS })]);
    expect(await left(real)).toEqual([0, 0, 25, 2, 275]);
    await undo(real, 'e');
    expect(await left(real)).toEqual([0, 20, 25, 1, 125]);
    expect(await lastEntry(real)).toMatchObject({ kind: 'void', cycle: 1, monthly: 0, bonus: 20, uncovered: -30 });
    // Balances after it: nothing is left of its own cycle, and what is uncovered is the running cycle's.
    const [line] = (await allEntries(real.context)).at(-1)!.lines.entries!.toString().split('\n');
    expect(line!.split('\t').slice(7, 10)).toEqual(['0', '20', '25']);
  });

  test('of a late event gives what it took from the cycle before back nowhere', async () => {
    const real = await openAccount(0);
    await outcomes(real, [event({ tokens: 60 })]);
    await real.setClock(FEBRUARY_MS + HOUR_MS);
    const late = (id: string) => event({ id, tokens: 45, occurredAt: FEBRUARY_MS - HOUR_MS });
    await outcomes(real, [late('e')], FEBRUARY_MS);
    await undo(real, 'e');
    expect((await left(real))[0]).toBe(100);
    expect(await lastEntry(real)).toMatchObject({ cycle: 2, monthly: 5, bonus: 0, uncovered: 0 });
    expect((await rows(real)).at(-1)).toBe('e -1 -45: -40 -5 0 0');
    await outcomes(real, [late('again')], FEBRUARY_MS);
    expect((await left(real))[0]).toBe(55);
  });

  test('of an own key has an entry of nothing', async () => {
    const real = await openAccount();
    await outcomes(real, [event({ id: 'e', keySource: 'byok', tokens: 9 })]);
    expect(await undo(real, 'e')).toBe('applied voided');
    expect(await left(real)).toEqual([100, 20, 0, 0, 0]);
    expect(await lastEntry(real)).toMatchObject({ kind: 'void', monthly: 0, bonus: 0, uncovered: 0 });
  });

  test('whose bonus has no room any more is refused, and can be sent again', async () => {
    const real = await openAccount();
    await outcomes(real, [event({ id: 'e', tokens: 120 })]);
    const full = purchase({ amount: Number(MICROS_MAX) - 5 });
    await real.command(full, START_MS);
    expect(await undo(real, 'e', { id: 'v' })).toBe('dead-letter internal eventId');
    expect(await left(real)).toEqual([0, Number(MICROS_MAX) - 5, 0, 1, 120]);
    await real.command({ ...purchase(), type: 'credits.refund', purchaseId: full.id, credits: micros(15) }, START_MS);
    expect(await undo(real, 'e', { id: 'v' })).toBe('applied voided');
    expect((await left(real))[1]).toBe(Number(MICROS_MAX));
  });
});

describe('once', () => {
  test('the same command is a duplicate, another one changes nothing and says so', async () => {
    const real = await openAccount();
    await outcomes(real, [event({ id: 'e', tokens: 30 })]);
    expect(await undo(real, 'e', { id: 'v' })).toBe('applied voided');
    expect(await undo(real, 'e', { id: 'v' })).toBe('duplicate');
    expect(await undo(real, 'e')).toBe('applied already-voided');
    expect(await left(real)).toEqual([100, 20, 0, 0, 0]);
    expect((await rows(real)).length).toBe(2);
    expect((await lines(real, 'history')).slice(-2).map(({ detail }) => detail)).toEqual(['voided', 'already-voided']);
  });

  test('the id of the event stays used', async () => {
    const real = await openAccount();
    const sent = event({ id: 'e', tokens: 30 });
    await outcomes(real, [sent]);
    await undo(real, 'e');
    expect(await outcomes(real, [sent, event({ id: 'e', tokens: 8 })])).toEqual([
      ...['duplicate', 'dead-letter conflict'],
    ]);
    expect(await left(real)).toEqual([100, 20, 0, 0, 0]);
  });

  test('of another account’s event is no void of this one', async () => {
    const real = await openAccount();
    await real.command(upsert({ accountId: 'b' }), START_MS);
    await outcomes(real, [event({ id: 'e', tokens: 30 })]);
    expect(await undo(real, 'e', { accountId: 'b' })).toBe('applied remembered');
    expect(await left(real)).toEqual([70, 20, 0, 1, 30]);
  });

  test.each(['reply lost', 'unavailable'] as const)('whose worker was killed at its commit: %s', async (fault) => {
    // The first call asks for the charge, the second one commits.
    for (const nth of [1, 2]) {
      const real = await openAccount();
      await outcomes(real, [event({ id: 'e', tokens: 130 })]);
      const command = voidOf('e');
      const { options } = faulty(real.options, 'commitCommand', fault, nth);
      const killed = {
        ...options,
        onRetry: () => {
          throw new Error('killed');
        },
      };
      await expect(applyCommand(killed, { command, queuedAt: START_MS })).rejects.toThrow('killed');
      const done = fault === 'reply lost' && nth === 2;
      expect(await undo(real, 'e', { id: command.id })).toBe(done ? 'duplicate' : 'applied voided');
      expect(await left(real)).toEqual([100, 20, 0, 0, 0]);
      expect((await rows(real)).length).toBe(2);
    }
  });

  test('two workers with the same event in hand undo it once', async () => {
    const real = await openAccount();
    await outcomes(real, [event({ id: 'e', tokens: 30 })]);
    // Between the read and the commit of the first, another one voids it.
    const charges = {
      find: async (...asked: Parameters<typeof real.options.charges.find>) => {
        const found = await real.options.charges.find(...asked);
        await undo(real, 'e');
        return found;
      },
    };
    const result = await applyCommand({ ...real.options, charges }, { command: voidOf('e'), queuedAt: START_MS });
    expect(result).toEqual({ outcome: 'applied', detail: 'already-voided' });
    expect(await left(real)).toEqual([100, 20, 0, 0, 0]);
  });

  test('an event that is charged and has no row cannot be undone: the command is set aside', async () => {
    const real = await openAccount();
    await outcomes(real, [event({ id: 'e', tokens: 30 })]);
    const options = { ...real.options, charges: { find: async () => undefined } };
    expect(await applyCommand(options, { command: voidOf('e'), queuedAt: START_MS })).toMatchObject({
      ...{ outcome: 'dead-letter', reason: 'internal', field: 'eventId' },
    });
    expect(await left(real)).toEqual([70, 20, 0, 1, 30]);
  });
});

test('of an event that limited its server releases it, today’s and no other', async () => {
  const real = await openAccount();
  const gate = createGate({ redis, prefix: real.context.keys.tag });
  const check = () => gate.check({ accountId: 'a', serverId: 'srv' });
  await real.command(serverLimit('srv', { dailyCredits: micros(10) }), START_MS);
  const yesterday = event({ id: 'yesterday', tokens: 10, occurredAt: START_MS - DAY_MS });
  await outcomes(real, [yesterday, event({ id: 'today', tokens: 10 })]);
  expect(await check()).toEqual({ allow: false, reason: 'daily-limit' });
  await undo(real, 'yesterday');
  expect(await check()).toEqual({ allow: false, reason: 'daily-limit' });
  await undo(real, 'today');
  expect(await check()).toEqual({ allow: true });
});

test.each(['voids:a', 'account:a', 'outbox:rows'])(
  'a key of the wrong type (%s) fails before anything is written',
  async (name) => {
    const real = await openAccount();
    await outcomes(real, [event({ id: 'e', tokens: 30 })]);
    const found = await real.options.charges.find('a', 'e', 0);
    const key = `${real.context.keys.tag}:ledger:${name}`;
    await redis.del(key);
    await redis.sadd(key, 'not what it was');
    const before = await dump(real);
    const charges = { find: async () => found };
    const options = { ...real.options, charges };
    await applyCommand(options, { command: voidOf('e'), queuedAt: START_MS }).catch(() => undefined);
    const after = await dump(real);
    for (const id of [key, real.context.keys.account('a'), real.context.keys.commands('a')]) {
      expect(after[id]).toBe(before[id]);
    }
  },
);

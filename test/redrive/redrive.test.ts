/** Redriving dead letters over the real ledger: what of each reason can be applied, once, and why the rest is left. */
import { describe, expect, test } from '@jest/globals';
import { commandBody } from '../../core/identity.ts';
import { micros } from '../../core/money.ts';
import { expireParked } from '../../workers/expire-parked.ts';
import { eventText } from '../../workers/usage/item.ts';
import { BOOK, event, LATER_BOOK, purchase, START_MS, upsert } from '../ledger/samples.ts';
import { counts, dump, faulty, outcomes } from '../ledger/stage.ts';
import { openRedriveWorld, type RedriveWorld, words } from './world.ts';

const DAY_MS = 86_400_000;
const tooLate = (some: Parameters<typeof event>[0] = {}) => event({ occurredAt: START_MS - 36 * DAY_MS, ...some });

async function openWithAccount(): Promise<RedriveWorld> {
  const world = await openRedriveWorld();
  await world.real.command(upsert(), START_MS);
  return world;
}

const recorded = (world: RedriveWorld) =>
  world.query('SELECT id, kind, reason, outcome FROM redriven_letters ORDER BY redriven_letters.sequence, id');

describe('an event that was too late', () => {
  test('is charged as one that comes now, recorded, and not offered again; a resend is a duplicate', async () => {
    const world = await openWithAccount();
    const late = tooLate({ id: 'late' });
    expect(await outcomes(world.real, [late])).toEqual(['dead-letter too-late']);
    await world.real.setClock(START_MS + DAY_MS);
    expect(words(await world.redrive())).toEqual(['late accepted']);
    expect(await world.real.account('a')).toMatchObject({ events: 1, cost: 1_000, monthly: 999_000 });
    expect(await world.redrive()).toEqual([]);
    expect(await outcomes(world.real, [late])).toEqual(['duplicate']);
    expect(await recorded(world)).toEqual([{ id: 'late', kind: 'event', reason: 'too-late', outcome: 'accepted' }]);
    const [row] = await world.query<{ at: string }>(
      'SELECT toString(toUnixTimestamp64Milli(occurred_at)) AS at FROM usage_events',
    );
    expect(Number(row!.at)).toBe(late.occurredAt);
  });

  test('however old it is', async () => {
    const world = await openWithAccount();
    await outcomes(world.real, [tooLate({ id: 'old', occurredAt: Date.parse('1999-12-31T23:59:00Z') })]);
    expect(words(await world.redrive())).toEqual(['old accepted']);
    expect(await world.real.account('a')).toMatchObject({ events: 1, cost: 1_000 });
  });
});

describe('interrupted', () => {
  test.each(['unavailable', 'reply lost'] as const)(
    '%s on the way: it is tried again and debited once',
    async (fault) => {
      for (const nth of [1, 2]) {
        const world = await openWithAccount();
        await outcomes(world.real, [tooLate({ id: 'one' }), tooLate({ id: 'two' })]);
        const { options, retries } = faulty(world.real.options, 'commitEvents', fault, nth);
        expect(words(await world.redrive({ commit: options })).sort()).toEqual([
          expect.stringMatching(/^one (accepted|duplicate)$/),
          expect.stringMatching(/^two (accepted|duplicate)$/),
        ]);
        expect(retries).toHaveLength(1);
        expect(await world.real.account('a')).toMatchObject({ events: 2, cost: 2_000 });
        expect(await recorded(world)).toHaveLength(2);
      }
    },
  );

  test('stopped between the charge and its record, and repeated: debited once, recorded then', async () => {
    const world = await openWithAccount();
    await outcomes(world.real, [tooLate({ id: 'one' }), tooLate({ id: 'two' })]);
    const { options } = faulty(world.real.options, 'commitEvents', 'refused', 2);
    await expect(world.redrive({ commit: options })).rejects.toThrow('the test made this script fail');
    expect(await world.real.account('a')).toMatchObject({ events: 2 });
    expect(await recorded(world)).toEqual([]);
    expect(words(await world.redrive()).sort()).toEqual(['one duplicate', 'two duplicate']);
    expect(await world.real.account('a')).toMatchObject({ events: 2, cost: 2_000 });
    expect(await recorded(world)).toHaveLength(2);
    expect(await world.redrive()).toEqual([]);
  });

  test('two at once debit and record once', async () => {
    const world = await openWithAccount();
    const sent = Array.from({ length: 30 }, () => tooLate());
    await outcomes(world.real, sent);
    await world.flush();
    const again = (await world.real.setBook(BOOK)).options;
    await Promise.all([world.redrive(), world.redrive({ commit: again })]);
    expect(await world.real.account('a')).toMatchObject({ events: 30, cost: 30_000 });
    expect(await recorded(world)).toHaveLength(30);
  });
});

describe('what can be applied by now', () => {
  test('what had waited for its account over 30 days, in the order it died', async () => {
    const world = await openRedriveWorld();
    const { real } = world;
    await outcomes(real, [event({ id: 'e' })]);
    await real.command(purchase({ id: 'buy' }), START_MS);
    await real.setClock(START_MS + 31 * DAY_MS);
    expect(await expireParked(real.options)).toBe(2);
    expect(words(await world.redrive()).sort()).toEqual([
      'buy: account a is still not known',
      'e: account a is still not known',
    ]);
    await real.command(upsert(), START_MS + 31 * DAY_MS);
    await real.setClock(START_MS + 45 * DAY_MS); // too late by now, if it were asked
    expect(words(await world.redrive({ reason: 'unknown-account' })).sort()).toEqual(['buy applied', 'e accepted']);
    expect(await real.account('a')).toMatchObject({ events: 1, bonus: 500 });
    expect((await recorded(world)).length).toBe(2);
  });

  test('what came again and is parked is left, and is still offered when it has waited for too long', async () => {
    const world = await openRedriveWorld();
    const { real } = world;
    const [sent, bought] = [event({ id: 'e' }), purchase({ id: 'buy' })];
    await world.bury({ reason: 'unknown-account', id: 'e', body: eventText(sent) });
    await world.bury({ kind: 'command', reason: 'unknown-account', id: 'buy', body: commandBody(bought) });
    await outcomes(real, [sent]);
    await real.command(bought, START_MS);
    const parked = /: it came again and is parked/;
    expect(words(await world.redrive())).toEqual([expect.stringMatching(parked), expect.stringMatching(parked)]);
    await real.setClock(START_MS + 31 * DAY_MS);
    expect(await expireParked(real.options)).toBe(2);
    await real.command(upsert(), START_MS + 31 * DAY_MS);
    expect(words(await world.redrive()).sort()).toEqual(['buy applied', 'e accepted']);
    expect(await real.account('a')).toMatchObject({ events: 1, bonus: 500 });
  });

  test('an event ahead of the clock once its time has come, and one of a model once a price book knows it', async () => {
    const world = await openWithAccount();
    const bounded = { ...world.real.options, settings: { ...world.real.options.settings, parkedMax: 0 } };
    Object.assign(world.real, { options: bounded });
    await outcomes(world.real, [
      event({ id: 'ahead', occurredAt: START_MS + DAY_MS }),
      event({ id: 'new', model: 'late' }),
    ]);
    expect(words(await world.redrive()).sort()).toEqual([
      'ahead: its time has still not come',
      'new: no price version in force knows the model late',
    ]);
    await world.real.setClock(START_MS + DAY_MS);
    world.real = await world.real.setBook(LATER_BOOK);
    expect(words(await world.redrive()).sort()).toEqual(['ahead accepted', 'new accepted']);
    expect(await world.real.account('a')).toMatchObject({ events: 2, cost: 3_000 });
  });

  test('one that was invalid and parses by now; one that still does not says why', async () => {
    const world = await openWithAccount();
    const valid = event({ id: 'valid' });
    await world.bury({ reason: 'invalid', id: 'valid', field: 'tokens', body: eventText(valid) });
    await world.bury({
      reason: 'invalid',
      id: 'bad',
      body: JSON.stringify({ ...valid, id: 'bad', tokens: { input: -1 } }),
    });
    await world.bury({ reason: 'invalid', id: 'cut', body: `{"a":"${'x'.repeat(70_000)}"}` });
    await world.bury({
      reason: 'internal',
      kind: 'job',
      id: '',
      body: `{"events":[${eventText(event())},${eventText(event())}]}`,
    });
    const told = words(await world.redrive());
    expect(told).toHaveLength(4);
    expect(told).toEqual(
      expect.arrayContaining([
        'valid accepted',
        expect.stringMatching(/^bad: it is still refused: tokens\.input is -1, but must be/),
        'cut: its body was too long to be kept whole',
        ' accepted',
      ]),
    );
    expect(await world.real.account('a')).toMatchObject({ events: 3 });
  });

  test('commands, as they were parsed or as they were sent, with the time they were queued', async () => {
    const world = await openRedriveWorld();
    const first = upsert({ id: 'up', name: null, opening: { monthlyRemaining: micros(1), bonus: micros(2) } });
    const bought = purchase({ id: 'buy', reference: '5µ' });
    const sent = { type: 'credits.purchase', data: { id: 'buy-2', accountId: 'a', credits: '0.0001' } };
    const close = { type: 'account.close', data: { id: 'close', accountId: 'a', reason: '' } };
    await world.bury({ kind: 'command', reason: 'internal', id: 'up', body: commandBody(first) });
    await world.bury({ kind: 'command', reason: 'internal', id: 'buy', body: commandBody(bought) });
    await world.bury({ kind: 'command', reason: 'internal', id: 'buy-2', body: JSON.stringify(sent) });
    await world.bury({ kind: 'command', reason: 'invalid', id: 'close', body: JSON.stringify(close) });
    const told = words(await world.redrive());
    expect(told).toEqual([
      'up applied',
      'buy applied',
      'buy-2 applied',
      expect.stringMatching(/^close: it is still refused: reason /),
    ]);
    expect(await world.real.account('a')).toMatchObject({ monthly: 1, bonus: 602 });
    const history = await world.query(
      'SELECT command_id, outcome, toUnixTimestamp64Milli(at) AS at FROM account_history',
    );
    expect(history).toHaveLength(3);
    expect(history).toContainEqual({ command_id: 'buy', outcome: 'applied', at: expect.anything() });
    // The id is used now: another body under it stays dead, the same is told as applied before.
    await world.bury({
      kind: 'command',
      reason: 'internal',
      id: 'buy',
      body: commandBody({ ...bought, credits: micros(9) }),
    });
    expect(words(await world.redrive({ reason: 'internal' }))).toEqual([
      expect.stringMatching(/^buy: its id was used/),
    ]);
  });
});

describe('what no redrive can mend', () => {
  test.each([
    ['conflict', /^x: its id is used by another body/],
    ['too-large', /^x: its job was too large to be kept/],
    ['unflushable', /^x: its money was moved when it came/],
  ] as const)('%s', async (reason, why) => {
    const world = await openWithAccount();
    await world.bury({ reason, body: eventText(event({ id: 'x' })) });
    expect(words(await world.redrive())).toEqual([expect.stringMatching(why)]);
    expect(await world.real.account('a')).toMatchObject({ events: 0 });
    expect(await recorded(world)).toEqual([]);
  });

  test('an event whose id was used with another body meanwhile', async () => {
    const world = await openWithAccount();
    await outcomes(world.real, [tooLate({ id: 'x' })]);
    await outcomes(world.real, [event({ id: 'x' })]);
    expect(words(await world.redrive())).toEqual([expect.stringMatching(/^x: its id was used with another body/)]);
    expect(await counts(world.real)).toMatchObject({ accepted: 1, dead: 1 });
  });

  test('two letters of one id with two bodies: one is applied, the other stays as it is, without a letter more', async () => {
    const world = await openWithAccount();
    await outcomes(world.real, [tooLate({ id: 'x' }), tooLate({ id: 'x', tokens: 2_000 })]);
    const foreseen = await world.redrive({ dryRun: true });
    expect(words(foreseen)).toEqual(['x accepted', expect.stringMatching(/^x: its id was used with another body/)]);
    expect(await world.redrive()).toEqual(foreseen);
    expect(await counts(world.real)).toMatchObject({ accepted: 1, dead: 2 });
  });
});

test('a dry run changes nothing, and foresees what the redrive then does', async () => {
  const world = await openRedriveWorld();
  const late = tooLate({ id: 'late', tokens: 7_000 });
  await world.bury({ kind: 'command', reason: 'internal', id: 'up', body: commandBody(upsert({ id: 'up' })) });
  await world.bury({ reason: 'too-late', id: 'late', body: eventText(late) });
  await world.bury({ reason: 'internal', id: 'late', body: eventText(late) });
  await world.bury({
    reason: 'too-late',
    id: 'other',
    accountId: 'b',
    body: eventText(tooLate({ id: 'other', accountId: 'b' })),
  });
  await world.bury({ reason: 'conflict', id: 'never', body: eventText(tooLate({ id: 'never' })) });
  await world.flush();
  const before = await dump(world.real);
  const foreseen = await world.redrive({ dryRun: true });
  expect(await dump(world.real)).toEqual(before);
  expect(words(foreseen)).toEqual([
    'up applied',
    'late accepted',
    'late duplicate',
    'other: account b is still not known',
    expect.stringMatching(/^never: /),
  ]);
  expect(await world.redrive()).toEqual(foreseen);
});

/** Redriving around voids: an event that is voided costs nothing when it comes back, a void that was refused still undoes. */
import { expect, test } from '@jest/globals';
import { DAY_MS } from '../../core/limits.ts';
import { MICROS_MAX } from '../../core/money.ts';
import { eventText } from '../../workers/usage/item.ts';
import { event, LATER_BOOK, purchase, refund, START_MS, upsert, voidOf } from '../ledger/samples.ts';
import { outcomes } from '../ledger/stage.ts';
import { left, undo } from '../ledger/voids.ts';
import { openRedriveWorld, words } from './world.ts';

test('an event that is voided debits nothing, foretold and done', async () => {
  const world = await openRedriveWorld();
  const { real } = world;
  await real.command(upsert({ monthly: 1_000 }), START_MS);
  const late = event({ id: 'late', tokens: 300, occurredAt: START_MS - 40 * DAY_MS });
  expect(await outcomes(real, [late])).toEqual(['dead-letter too-late']);
  await undo(real, 'late');
  const foreseen = await world.redrive({ dryRun: true });
  expect(foreseen).toMatchObject([{ outcome: 'accepted', debits: [{ accountId: 'a', cost: 0 }] }]);
  expect(await world.redrive()).toEqual(foreseen);
  expect(await left(real)).toEqual([1_000, 0, 0, 0, 0]);
});

test('a void that had no room for the bonus undoes once there is', async () => {
  const world = await openRedriveWorld();
  const { real } = world;
  const full = purchase({ amount: Number(MICROS_MAX) - 5 });
  await real.command(upsert({ monthly: 100 }), START_MS);
  await real.command(purchase({ amount: 20 }), START_MS);
  await outcomes(real, [event({ id: 'e', tokens: 120 })]);
  await real.command(full, START_MS);
  await real.command(voidOf('e', { id: 'v' }), START_MS);
  expect(words(await world.redrive())).toEqual([expect.stringMatching(/^v: it is still refused: The bonus balance/)]);
  await real.command(refund(full.id, 100), START_MS);
  expect(words(await world.redrive())).toEqual(['v applied']);
  expect(await left(real)).toEqual([100, Number(MICROS_MAX) - 85, 0, 0, 0]);
});

test('an event that came again, is parked and voided is left until it is charged, at no cost', async () => {
  const world = await openRedriveWorld();
  const { real } = world;
  await real.command(upsert(), START_MS);
  const sent = event({ id: 'e', model: 'late' });
  await world.bury({ reason: 'unknown-model', id: 'e', body: eventText(sent) });
  await outcomes(real, [sent]);
  await undo(real, 'e');
  expect(words(await world.redrive())).toEqual([expect.stringMatching(/: it came again and is parked/)]);
  world.real = await real.setBook(LATER_BOOK);
  expect(words(await world.redrive())).toEqual(['e duplicate']);
  expect(await left(world.real)).toEqual([1_000_000, 0, 0, 0, 0]);
});

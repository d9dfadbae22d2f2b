/** What happens to an event: one outcome each; identity first, then time, then account and model. */
import { describe, expect, test } from '@jest/globals';
import { DAY_MS } from '../../core/limits.ts';
import { applyEvents, redrive, setBook } from './index.ts';
import { BOOK_WITH_LATE, ms, story } from './script.ts';

const dead = (reason: string, field?: string) => ({ outcome: 'dead-letter', reason, ...(field && { field }) });
const letters = (s: ReturnType<typeof story>) =>
  [...s.model.deadLetters.values()].map(({ id, reason }) => `${id} ${reason}`);

describe('identity', () => {
  test('same id and body: a duplicate without effect, however often and however late', () => {
    const s = story();
    s.upsert();
    const occurredAt = s.now();
    expect(s.call('10', { id: 'e', occurredAt })).toMatchObject({ outcome: 'accepted' });
    expect(s.call('10', { id: 'e', occurredAt })).toEqual({ outcome: 'duplicate' });
    s.at('2026-06-01');
    expect(s.call('10', { id: 'e', occurredAt })).toEqual({ outcome: 'duplicate' });
    expect(s.ledger()).toContain('expiry 1: -90 0 0');
  });

  test('same id, another body: a conflict, one record for each body', () => {
    const s = story();
    s.upsert();
    s.call('10', { id: 'e' });
    for (const credits of ['11', '12', '11']) expect(s.call(credits, { id: 'e' })).toEqual(dead('conflict', 'id'));
    expect(letters(s)).toEqual(['e conflict', 'e conflict']);
    expect(s.left()).toEqual(['90', '0', '0']);
  });

  test('belongs to the account, and is apart from the ids of commands', () => {
    const s = story();
    s.upsert();
    s.upsert({ accountId: 'b' });
    s.purchase('1', { id: 'x' });
    expect(s.call('1', { id: 'x' }).outcome).toBe('accepted');
    expect(s.call('1', { id: 'x', accountId: 'b' }).outcome).toBe('accepted');
  });

  test('several in one commit are told apart as well', () => {
    const s = story();
    s.upsert();
    const one = s.call('1', { id: 'seen' });
    const event = one.outcome === 'accepted' ? one.charge.event : undefined!;
    const batch = [event, { ...event, id: 'new' }, { ...event, id: 'new' }, { ...event, id: 'new', serverId: 't' }];
    const outcomes = applyEvents(
      s.model,
      batch.map((e) => ({ event: e, queuedAt: s.now() })),
      s.now(),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['duplicate', 'accepted', 'duplicate', 'dead-letter']);
  });
});

describe('time', () => {
  const now = ms('2026-06-15T12:00:00Z');
  test.each([
    ['35 days ago', -35 * DAY_MS, 'accepted'],
    ['a ms more', -35 * DAY_MS - 1, 'too-late'],
    ['five minutes ahead', 300_000, 'accepted'],
    ['a ms more', 300_001, 'future'],
  ])('%s', (_what, offsetMs, expected) => {
    const s = story().at('2026-06-15T12:00:00Z');
    s.upsert();
    const made = s.call('1', { id: 'e', occurredAt: now + offsetMs });
    expect(made.outcome === 'dead-letter' ? made.reason : made.outcome).toBe(expected);
  });

  test('a dead letter does not use its identity up', () => {
    const s = story();
    s.upsert();
    const occurredAt = s.now() + DAY_MS;
    expect(s.call('1', { id: 'e', occurredAt })).toEqual(dead('future', 'occurredAt'));
    expect(s.call('1', { id: 'e', occurredAt })).toEqual(dead('future', 'occurredAt'));
    expect(letters(s)).toEqual(['e future']);
    s.at(DAY_MS);
    expect(s.call('1', { id: 'e', occurredAt })).toMatchObject({ outcome: 'accepted' });
  });

  test('how old is still accepted is a setting', () => {
    const s = story({ acceptDays: 2 });
    s.upsert();
    expect(s.call('1', { occurredAt: s.now() - 3 * DAY_MS })).toEqual(dead('too-late', 'occurredAt'));
  });
});

describe('parked', () => {
  test('for its account: released by the first upsert, charged as one that arrived then', () => {
    const s = story().at('2026-01-31T22:00:00Z');
    expect(s.call('10', { id: 'e' })).toEqual({ outcome: 'parked', reason: 'unknown-account' });
    s.at('2026-02-05');
    s.upsert();
    expect(s.ledger()).toEqual(['grant 2: 100 0 0', 'usage 2: -10 0 0']);
    expect(s.model.parked).toEqual([]);
  });

  test('counts as seen', () => {
    const s = story();
    const occurredAt = s.now();
    s.call('10', { id: 'e', occurredAt });
    expect(s.call('10', { id: 'e', occurredAt })).toEqual({ outcome: 'duplicate' });
    expect(s.call('11', { id: 'e', occurredAt })).toEqual(dead('conflict', 'id'));
    s.upsert();
    expect(s.call('10', { id: 'e', occurredAt })).toEqual({ outcome: 'duplicate' });
    expect(s.left()).toEqual(['90', '0', '0']);
  });

  test('is not judged late again on release', () => {
    const s = story();
    s.call('10', { occurredAt: s.now() - 34 * DAY_MS });
    s.at(20 * DAY_MS);
    s.upsert();
    expect(s.left()).toEqual(['90', '0', '0']);
  });

  test('commands of the account come first, in their order, then its events', () => {
    const s = story();
    s.call('102', { id: 'e' });
    expect(s.purchase('5', { id: 'buy' })).toEqual({ outcome: 'parked', reason: 'unknown-account' });
    expect(s.refund('buy', '2').outcome).toBe('parked');
    expect(s.purchase('5', { id: 'buy' })).toEqual({ outcome: 'duplicate' });
    s.upsert();
    expect(s.ledger()).toEqual([
      ...['grant 1: 100 0 0', 'purchase 1: 0 5 0', 'refund 1: 0 -2 0'],
      'usage 1: -100 -2 0',
    ]);
    expect(
      s.model.history.filter(({ commandId }) => commandId === 'buy').map(({ outcome }) => outcome.outcome),
    ).toEqual([...['parked', 'duplicate', 'applied']]);
  });

  test('for its model: released by the price book that knows it, and priced by that version', () => {
    const s = story();
    s.upsert();
    expect(s.call('10', { id: 'e', model: 'late' })).toEqual({ outcome: 'parked', reason: 'unknown-model' });
    expect(s.call('10', { model: 'late', keySource: 'byok' })).toEqual({ outcome: 'parked', reason: 'unknown-model' });
    setBook(s.model, BOOK_WITH_LATE, s.now());
    expect(s.left()).toEqual(['80', '0', '0']);
    expect(s.call('10', { model: 'late' })).toMatchObject({ charge: { version: 'v2', cost: 20_000_000n } });
  });

  test('and charged as of the release: the cycle it happened in pays no more', () => {
    const s = story().at('2026-01-31T22:00:00Z');
    s.upsert();
    s.call('10', { model: 'late' });
    s.at('2026-02-02T00:00:00Z'); // a day after the end of that cycle
    setBook(s.model, BOOK_WITH_LATE, s.now());
    expect(s.ledger()).toEqual(['grant 1: 100 0 0', 'expiry 1: -100 0 0', 'grant 2: 100 0 0', 'usage 2: -20 0 0']);
  });

  test('for both: it waits for the account, then for the model', () => {
    const s = story();
    s.call('10', { model: 'late' });
    s.upsert();
    expect(s.model.parked).toMatchObject([{ reason: 'unknown-model' }]);
    setBook(s.model, BOOK_WITH_LATE, s.now());
    expect(s.left()).toEqual(['80', '0', '0']);
  });

  test('over 30 days: a dead letter of the same reason, its id free again, which redrive can still apply', () => {
    const s = story();
    s.call('10', { id: 'e' });
    s.purchase('3', { id: 'buy' });
    s.at(30 * DAY_MS);
    expect(s.gate()).toBe('unknown-account');
    expect(s.model.parked).toHaveLength(2);
    s.at(1);
    s.gate();
    expect(letters(s)).toEqual(['e unknown-account', 'buy unknown-account']);
    s.upsert();
    expect(s.left()).toEqual(['100', '0', '0']);
    s.at(DAY_MS);
    expect(redrive(s.model, s.now(), 'unknown-account')).toBe(2);
    expect(s.left()).toEqual(['90', '3', '0']);
    expect(letters(s)).toEqual([]);
    expect(redrive(s.model, s.now())).toBe(0);
  });

  test('beyond the bound: a dead letter of the same reason', () => {
    const s = story({ parkedMax: 1 });
    s.call('1');
    expect(s.call('1', { id: 'two' })).toEqual(dead('unknown-account'));
    expect(s.purchase('1')).toEqual(dead('unknown-account'));
  });

  test('redrive applies what was too late, and what is not ahead of the clock any more', () => {
    const s = story();
    s.upsert();
    s.call('10', { id: 'late', occurredAt: s.now() - 36 * DAY_MS });
    s.call('5', { id: 'ahead', occurredAt: s.now() + DAY_MS });
    expect(letters(s)).toEqual(['late too-late', 'ahead future']);
    expect(redrive(s.model, s.now())).toBe(1);
    expect(s.left()).toEqual(['90', '0', '0']);
    s.at(DAY_MS);
    expect(redrive(s.model, s.now())).toBe(1);
    expect(s.left()).toEqual(['85', '0', '0']);
    expect(redrive(s.model, s.now())).toBe(0);
  });

  test('redrive leaves what would only die or wait again', () => {
    const s = story({ parkedMax: 0 });
    s.call('1', { id: 'lost', accountId: 'nobody' });
    s.call('1', { id: 'model', model: 'late' });
    s.upsert();
    s.call('1', { id: 'ahead', occurredAt: s.now() + DAY_MS });
    expect(redrive(s.model, s.now())).toBe(0);
    expect(letters(s)).toEqual(['lost unknown-account', 'model unknown-account', 'ahead future']);
  });
});

test('an amount that would leave the range is a dead letter, and nothing is debited', () => {
  const s = story();
  s.upsert({ monthly: '0' });
  const huge = { tokens: { input: 2 ** 31 - 1, output: 0, cacheRead: 0, cacheWrite: 0 } };
  let outcome = s.call('0', huge);
  for (let i = 0; i < 5000 && outcome.outcome === 'accepted'; i += 1) outcome = s.call('0', huge);
  expect(outcome).toEqual(dead('internal'));
  expect(s.balance().state).toBe('depleted');
});

/** Commands: idempotent ids, stale ones, fields kept and cleared, purchases and refunds. */
import { describe, expect, test } from '@jest/globals';
import { MICROS_MAX } from '../../core/money.ts';
import { ms, story } from './script.ts';

const dead = (reason: string, field?: string) => ({ outcome: 'dead-letter', reason, ...(field && { field }) });

describe('the id of a command', () => {
  test('the same body again is a duplicate, another body a conflict; neither has an effect', () => {
    const s = story();
    s.upsert();
    expect(s.purchase('5', { id: 'buy' })).toEqual({ outcome: 'applied' });
    expect(s.purchase('5', { id: 'buy' })).toEqual({ outcome: 'duplicate' });
    expect(s.purchase('6', { id: 'buy' })).toEqual(dead('conflict', 'id'));
    expect(s.close({ id: 'buy' })).toEqual(dead('conflict', 'id'));
    expect(s.balance()).toMatchObject({ bonus: { remaining: '5' }, state: 'ok' });
  });

  test('is good for the life of the account, also closed and a year later', () => {
    const s = story();
    s.upsert();
    s.purchase('5', { id: 'buy' });
    s.close();
    s.at('2027-01-10');
    expect(s.purchase('5', { id: 'buy' })).toEqual({ outcome: 'duplicate' });
  });

  test('belongs to one account', () => {
    const s = story();
    s.upsert();
    s.upsert({ accountId: 'b' });
    s.purchase('5', { id: 'buy' });
    expect(s.purchase('5', { id: 'buy', accountId: 'b' })).toEqual({ outcome: 'applied' });
  });

  test('every outcome is in the history', () => {
    const s = story();
    s.purchase('5', { id: 'buy' });
    s.upsert({ id: 'up' });
    s.upsert({ id: 'up' });
    s.refund('none', '1', { id: 'back' });
    expect(s.model.history.map(({ commandId, outcome }) => `${commandId} ${outcome.outcome}`)).toEqual([
      ...['buy parked', 'up applied', 'buy applied', 'up duplicate', 'back dead-letter'],
    ]);
  });
});

describe('a command decided before the last applied one of its kind', () => {
  const [early, late] = [ms('2026-01-05'), ms('2026-01-06')];

  test('an upsert is stale: recorded, its id used, nothing changed', () => {
    const s = story();
    s.upsert({ at: late });
    expect(s.upsert({ id: 'old', at: early, monthly: '900', name: 'Old' })).toEqual({ outcome: 'stale' });
    expect(s.upsert({ id: 'old', at: early, monthly: '900', name: 'Old' })).toEqual({ outcome: 'duplicate' });
    expect(s.balance().monthly.granted).toBe('100');
    expect(s.model.accounts.get('a')).toMatchObject({ name: undefined });
  });

  test('a stale upsert does not reopen', () => {
    const s = story();
    s.upsert({ at: late });
    s.close();
    s.upsert({ at: early });
    expect(s.balance().state).toBe('closed');
    s.upsert({ at: late }); // the same time is not older
    expect(s.balance().state).toBe('ok');
  });

  test('alerts have a time of their own', () => {
    const s = story();
    s.upsert({ at: late });
    expect(s.alerts([{ id: 'mine', kind: 'percent', percent: 50 }], { at: early })).toEqual({ outcome: 'applied' });
    expect(s.alerts([], { at: early - 1 })).toEqual({ outcome: 'stale' });
    expect(s.states()).toEqual(['low: armed', 'depleted: armed', 'mine: armed']);
  });

  test('limits have one for each server', () => {
    const s = story();
    s.upsert();
    s.limit('5', { at: late });
    expect(s.limit('6', { at: early })).toEqual({ outcome: 'stale' });
    expect(s.limit('6', { at: early, serverId: 't' })).toEqual({ outcome: 'applied' });
    expect(s.model.accounts.get('a')!.servers.get('s')?.dailyCredits).toBe(5_000_000n);
  });

  test('left out, it is when the command was queued, also for one that was parked', () => {
    const s = story();
    s.limit('5', { id: 'parked' }); // queued on 10 January
    s.at('2026-01-12');
    s.upsert();
    expect(s.limit('6', { at: ms('2026-01-11') })).toEqual({ outcome: 'applied' });
    expect(s.limit('7', { at: ms('2026-01-09') })).toEqual({ outcome: 'stale' });
  });
});

test('a field left out keeps its value, null clears it', () => {
  const s = story();
  s.upsert({ name: 'Ada', locale: 'de', recipients: ['b@example.com'] });
  s.upsert({ locale: 'en' });
  expect(s.model.accounts.get('a')).toMatchObject({ name: 'Ada', locale: 'en', recipients: ['b@example.com'] });
  s.upsert({ name: null, recipients: null });
  expect(s.model.accounts.get('a')).toMatchObject({ name: undefined, locale: 'en', recipients: [] });
  s.limit('5', { warnAtPercent: 80 });
  s.limit(undefined, { warnAtPercent: null });
  expect(s.model.accounts.get('a')!.servers.get('s')).toMatchObject({
    dailyCredits: 5_000_000n,
    warnAtPercent: undefined,
  });
});

describe('a refund', () => {
  test.each<[string, string, string[], string]>([
    ['takes what is asked', '0', ['4'], '6'],
    ['never more than the purchase', '0', ['4', '4', '4'], '0'],
    ['never more than the bonus left', '103', ['8'], '0'],
  ])('%s', (_what, spent, asks, bonus) => {
    const s = story();
    s.upsert();
    s.purchase('10', { id: 'buy' });
    s.call(spent);
    for (const credits of asks) expect(s.refund('buy', credits)).toEqual({ outcome: 'applied' });
    expect(s.balance().bonus.remaining).toBe(bonus);
  });

  test('the entry says asked and taken, also when nothing could be taken', () => {
    const s = story();
    s.upsert();
    s.purchase('10', { id: 'buy' });
    s.call('108');
    s.refund('buy', '5');
    s.refund('buy', '5');
    const notes = s.model.accounts
      .get('a')!
      .entries.filter(({ kind }) => kind === 'refund')
      .map(({ note }) => note);
    expect(notes).toEqual(['asked 5, taken 2', 'asked 5, taken 0']);
  });

  test('takes of its own purchase alone, though any bonus pays for it', () => {
    const s = story();
    s.upsert();
    s.purchase('10', { id: 'one' });
    s.purchase('10', { id: 'two' });
    s.call('115'); // 5 of the bonus are left
    s.refund('one', '10');
    s.purchase('10', { id: 'three' });
    s.refund('one', '10'); // 5 of the first purchase are not refunded yet
    expect(s.balance().bonus.remaining).toBe('5');
  });

  test('of a purchase that is not known is invalid, and can be sent again once it is', () => {
    const s = story();
    s.upsert();
    expect(s.refund('buy', '1', { id: 'back' })).toEqual(dead('invalid', 'purchaseId'));
    s.purchase('10', { id: 'buy' });
    expect(s.refund('buy', '1', { id: 'back' })).toEqual({ outcome: 'applied' });
  });

  test('of a parked purchase that is not there: a dead letter on release, its id free', () => {
    const s = story();
    s.refund('buy', '1', { id: 'back' });
    s.upsert();
    expect([...s.model.deadLetters.values()]).toMatchObject([{ id: 'back', reason: 'invalid' }]);
    s.purchase('10', { id: 'buy' });
    expect(s.refund('buy', '1', { id: 'back' })).toEqual({ outcome: 'applied' });
  });
});

test('a purchase that a balance cannot hold is refused', () => {
  const s = story();
  s.upsert();
  s.purchase('0.000001');
  expect(s.purchase('9007199254.740991')).toEqual(dead('invalid', 'credits'));
  expect(s.purchase('9007199254.74099')).toEqual({ outcome: 'applied' });
  expect(s.model.accounts.get('a')!.entries.at(-1)!.bonusAfter).toBe(MICROS_MAX);
});

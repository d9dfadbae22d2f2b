/** Rules 1, 2 and 4: cycles, grants, expiries, on time without a job. */
import { describe, expect, test } from '@jest/globals';
import { micros } from '../../core/money.ts';
import { broken } from './index.ts';
import { ms, story } from './script.ts';

describe('an account starts', () => {
  test('in the cycle that contains its first upsert; earlier ones are never applied', () => {
    const s = story().at('2026-03-10T12:00:00Z');
    expect(s.upsert()).toEqual({ outcome: 'applied' });
    expect(s.ledger()).toEqual(['grant 3: 100 0 0']);
    expect(s.balance()).toEqual({
      accountId: 'a',
      asOf: '2026-03-10T12:00:00.000Z',
      monthly: {
        granted: '100',
        remaining: '100',
        cycle: 3,
        start: '2026-03-01T00:00:00.000Z',
        end: '2026-04-01T00:00:00.000Z',
      },
      bonus: { remaining: '0' },
      uncovered: '0',
      total: '100',
      state: 'ok',
    });
  });

  test('without monthly credits before its anchor, and gets them there', () => {
    const s = story().at('2025-12-20');
    s.upsert();
    expect(s.ledger()).toEqual([]);
    expect(s.balance()).toMatchObject({
      monthly: { granted: '0', cycle: 0, end: '2026-01-01T00:00:00.000Z' },
      state: 'depleted',
    });
    expect(s.gate()).toBe('depleted');
    s.at('2026-01-01');
    expect(s.ledger()).toEqual(['grant 1: 100 0 0']);
    expect(s.gate()).toBe('allow');
  });

  test('with what it brings along from elsewhere', () => {
    const s = story();
    s.upsert({ opening: { monthlyRemaining: micros(30_000_000), bonus: micros(7_500_000) } });
    expect(s.ledger()).toEqual(['grant 1: 100 0 0', 'opening 1: -70 7.5 0']);
    expect(s.balance()).toMatchObject({
      monthly: { granted: '100', remaining: '30' },
      bonus: { remaining: '7.5' },
      total: '37.5',
    });
  });

  test('an opening is read on first sight only', () => {
    const s = story();
    s.upsert();
    s.upsert({ opening: { monthlyRemaining: micros(1), bonus: micros(1) } });
    expect(s.left()).toEqual(['100', '0', '0']);
  });

  test.each([
    ['above the plan', '2026-01-10', 100_000_001n],
    ['monthly credits before the anchor', '2025-12-10', 1n],
  ])('an opening of %s is refused, and its id stays free', (_what, at, monthlyRemaining) => {
    const s = story().at(at);
    const opening = { monthlyRemaining: micros(monthlyRemaining), bonus: micros(0) };
    expect(s.upsert({ id: 'up', opening })).toEqual({
      outcome: 'dead-letter',
      reason: 'invalid',
      field: 'opening.monthlyRemaining',
    });
    expect(s.upsert({ id: 'up' })).toEqual({ outcome: 'applied' });
  });

  test.each(['email', 'timeZone', 'anchor', 'plan'] as const)(
    'not without %s, which a later upsert may leave out',
    (field) => {
      const s = story();
      expect(s.upsert({ [field]: undefined })).toEqual({ outcome: 'dead-letter', reason: 'invalid', field });
      s.upsert();
      expect(s.upsert({ [field]: undefined })).toEqual({ outcome: 'applied' });
      expect(s.model.accounts.get('a')).toMatchObject({ email: 'a@example.com', plan: { id: 'plan-100' } });
    },
  );
});

describe('at the end of a cycle', () => {
  test('what is left expires, the plan is granted, the bonus stays', () => {
    const s = story();
    s.upsert();
    s.purchase('5');
    s.call('40');
    s.at('2026-01-31T23:59:59.999Z');
    expect(s.left()).toEqual(['60', '5', '0']);
    s.at('2026-02-01');
    expect(s.left()).toEqual(['100', '5', '0']);
    expect(s.ledger().slice(-2)).toEqual(['expiry 1: -60 0 0', 'grant 2: 100 0 0']);
  });

  test('nothing left, nothing expires; a plan of nothing is granted all the same', () => {
    const s = story();
    s.upsert();
    s.call('100');
    s.upsert({ monthly: '0' });
    s.at('2026-02-01');
    expect(s.ledger()).toEqual(['grant 1: 100 0 0', 'usage 1: -100 0 0', 'grant 2: 0 0 0']);
    expect(s.balance()).toMatchObject({ monthly: { granted: '0' }, state: 'depleted' });
  });

  test('missed cycles are applied one at a time, each with its own entries', () => {
    const s = story();
    s.upsert();
    s.at('2026-04-15');
    expect(s.ledger()).toEqual([
      'grant 1: 100 0 0',
      ...['expiry 1: -100 0 0', 'grant 2: 100 0 0'],
      ...['expiry 2: -100 0 0', 'grant 3: 100 0 0'],
      ...['expiry 3: -100 0 0', 'grant 4: 100 0 0'],
    ]);
    expect(broken(s.model)).toEqual([]);
  });

  test.each([
    ['a debit', (s: ReturnType<typeof story>) => s.call('1')],
    ['a command', (s: ReturnType<typeof story>) => s.purchase('1')],
    ['the balance', (s: ReturnType<typeof story>) => s.balance()],
    ['the gate', (s: ReturnType<typeof story>) => s.gate()],
    ['the alerts', (s: ReturnType<typeof story>) => s.states()],
  ])('%s brings it up to date by itself, once', (_what, touch) => {
    const s = story();
    s.upsert();
    s.call('70');
    s.at('2026-02-01');
    touch(s);
    touch(s);
    expect(s.ledger().slice(1, 4)).toEqual(['usage 1: -70 0 0', 'expiry 1: -30 0 0', 'grant 2: 100 0 0']);
    expect(s.ledger().filter((line) => line.startsWith('grant 2'))).toHaveLength(1);
  });

  test('uncovered is of this cycle and starts anew', () => {
    const s = story();
    s.upsert();
    s.call('130');
    expect(s.left()).toEqual(['0', '0', '30']);
    s.at('2026-02-01');
    expect(s.left()).toEqual(['100', '0', '0']);
  });

  test('an event stamped ahead does not bring it on: only the clock does', () => {
    const s = story().at('2026-01-31T23:58:00Z');
    s.upsert();
    s.call('10', { occurredAt: ms('2026-02-01T00:02:00Z') });
    expect(s.ledger()).toEqual(['grant 1: 100 0 0', 'usage 1: -10 0 0']);
  });
});

describe('a changed anchor or zone', () => {
  test('takes effect when the running cycle ends, and the number goes on counting', () => {
    const s = story();
    s.upsert();
    s.upsert({ anchor: '2026-01-15T00:00:00' });
    expect(s.balance().monthly).toMatchObject({ cycle: 1, end: '2026-02-01T00:00:00.000Z' });
    s.at('2026-02-01');
    expect(s.balance().monthly).toMatchObject({ cycle: 2, end: '2026-02-15T00:00:00.000Z' });
    s.at('2026-02-15');
    expect(s.balance().monthly).toMatchObject({ cycle: 3, end: '2026-03-15T00:00:00.000Z' });
  });

  test('a zone alone changes when cycles end and which day it is', () => {
    const s = story();
    s.upsert();
    s.upsert({ timeZone: 'America/New_York', anchor: undefined });
    s.at('2026-02-01');
    expect(s.balance().monthly.end).toBe('2026-03-01T05:00:00.000Z');
  });

  test('changed back before the cycle ended, it never happened', () => {
    const s = story();
    s.upsert();
    s.upsert({ anchor: '2026-01-15T00:00:00' });
    s.upsert();
    s.at('2026-02-01');
    expect(s.balance().monthly.end).toBe('2026-03-01T00:00:00.000Z');
  });
});

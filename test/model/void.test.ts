/** Rule 7: each part goes back to where it came from, once, before or after the event, in time or too late. */
import { describe, expect, test } from '@jest/globals';
import { HOUR_MS } from '../../core/limits.ts';
import { broken, readUsage } from './index.ts';
import { ms, story } from './script.ts';

const applied = (detail: string) => ({ outcome: 'applied', detail });

describe('a void', () => {
  test('gives monthly, bonus and uncovered back within the cycle', () => {
    const s = story();
    s.upsert();
    s.purchase('20');
    s.call('150', { id: 'e' });
    expect(s.left()).toEqual(['0', '0', '30']);
    expect(s.void('e')).toEqual(applied('voided'));
    expect(s.left()).toEqual(['100', '20', '0']);
    expect(s.ledger().at(-1)).toBe('void 1: 100 20 -30');
  });

  test('of an ended cycle gives the bonus back, monthly nowhere, and lowers what was uncovered then', () => {
    const s = story();
    s.upsert();
    s.purchase('20');
    s.call('150', { id: 'e' });
    s.at('2026-02-10');
    s.call('125', { id: 'now' });
    expect(s.left()).toEqual(['0', '0', '25']);
    s.void('e');
    expect(s.left()).toEqual(['0', '20', '25']);
    expect(s.ledger().at(-1)).toBe('void 1: 0 20 -30');
    expect(broken(s.model)).toEqual([]);
  });

  test('of a late event gives what it took from the cycle before back nowhere', () => {
    const s = story();
    s.upsert();
    s.call('60');
    s.at('2026-02-01T06:00:00Z');
    const occurredAt = ms('2026-01-31T20:00:00Z');
    s.call('45', { id: 'e', occurredAt }); // 40 of January, 5 of February
    s.void('e');
    expect(s.left()).toEqual(['100', '0', '0']);
    expect(s.ledger().at(-1)).toBe('void 2: 5 0 0');
    s.call('45', { occurredAt });
    expect(s.left()).toEqual(['55', '0', '0']);
  });

  test('happens once: a second one, under any id, changes nothing and says so', () => {
    const s = story();
    s.upsert();
    s.call('10', { id: 'e' });
    expect(s.void('e', { id: 'v' })).toEqual(applied('voided'));
    expect(s.void('e', { id: 'v' })).toEqual({ outcome: 'duplicate' });
    expect(s.void('e')).toEqual(applied('already-voided'));
    expect(s.left()).toEqual(['100', '0', '0']);
  });

  test('before its event is remembered; the event then costs nothing and is in no rollup', () => {
    const s = story();
    s.upsert();
    expect(s.void('e')).toEqual(applied('remembered'));
    expect(s.call('10', { id: 'e' })).toMatchObject({ outcome: 'accepted', charge: { voided: true, fromMonthly: 0n } });
    expect(s.left()).toEqual(['100', '0', '0']);
    expect(readUsage(s.model, {}, s.now())).toEqual([]);
    expect(s.void('e')).toEqual(applied('already-voided'));
  });

  test('of another account’s event is no void of this one', () => {
    const s = story();
    s.upsert();
    s.upsert({ accountId: 'b' });
    s.call('10', { id: 'e' });
    expect(s.void('e', { accountId: 'b' })).toEqual(applied('remembered'));
    expect(s.left()).toEqual(['90', '0', '0']);
  });

  test('the id stays used: a corrected call needs a new one', () => {
    const s = story();
    s.upsert();
    s.call('10', { id: 'e' });
    s.void('e');
    expect(s.call('10', { id: 'e' })).toEqual({ outcome: 'duplicate' });
    expect(s.call('8', { id: 'e' })).toMatchObject({ reason: 'conflict' });
    s.call('8', { id: 'e2' });
    expect(s.left()).toEqual(['92', '0', '0']);
  });

  test('of what is parked is remembered too, whether its account or its model is missing', () => {
    const s = story();
    s.call('10', { id: 'e' });
    expect(s.void('e')).toEqual({ outcome: 'parked', reason: 'unknown-account' });
    s.upsert();
    expect(s.left()).toEqual(['100', '0', '0']);
    s.call('10', { id: 'm', model: 'late' });
    expect(s.void('m')).toEqual(applied('remembered'));
  });

  test('takes the event out of the rollups', () => {
    const s = story();
    s.upsert();
    s.call('10', { id: 'e' });
    s.call('3');
    s.void('e');
    expect(readUsage(s.model, { by: ['account'] }, s.now())).toMatchObject([
      { accountId: 'a', events: 1, credits: '3' },
    ]);
  });
});

describe('a void re-decides', () => {
  test('the server’s day', () => {
    const s = story();
    s.upsert();
    s.limit('10');
    s.call('10', { id: 'e' });
    expect(s.gate()).toBe('daily-limit');
    s.void('e');
    expect(s.gate()).toBe('allow');
    expect(s.heard()).toEqual(['server.limited s', 'server.released s']);
    expect(s.mails()).toEqual(['limit-reached s superseded']);
  });

  test('only the day of the event', () => {
    const s = story();
    s.upsert();
    s.limit('10');
    s.call('10', { id: 'yesterday', occurredAt: s.now() - HOUR_MS });
    s.call('10');
    s.void('yesterday');
    expect(s.gate()).toBe('daily-limit');
  });

  test('the alerts: what it fired is armed again, and its unsent mail is not sent', () => {
    const s = story();
    s.upsert();
    s.call('85', { id: 'e' });
    expect(s.states()).toEqual(['low: fired', 'depleted: armed']);
    s.void('e');
    expect(s.states()).toEqual(['low: armed', 'depleted: armed']);
    expect(s.mails()).toEqual(['alert low superseded']);
  });
});

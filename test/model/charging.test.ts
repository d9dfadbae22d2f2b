/** Rules 3 and 5: spending order, and who pays for late events. */
import { describe, expect, test } from '@jest/globals';
import { HOUR_MS } from '../../core/limits.ts';
import { broken } from './index.ts';
import { ms, story } from './script.ts';

describe('a call is paid', () => {
  test('from monthly, then bonus, and then it is uncovered', () => {
    const s = story();
    s.upsert();
    s.purchase('50');
    expect(s.call('70')).toMatchObject({ outcome: 'accepted', charge: { fromMonthly: 70_000_000n, fromBonus: 0n } });
    s.call('60');
    s.call('30');
    expect(s.left()).toEqual(['0', '0', '10']);
    expect(s.ledger().slice(2)).toEqual(['usage 1: -70 0 0', 'usage 1: -30 -30 0', 'usage 1: 0 -20 10']);
    expect(s.balance()).toMatchObject({ total: '0', state: 'depleted' });
  });

  test('never later: new credits do not pay what was uncovered', () => {
    const s = story();
    s.upsert();
    s.call('120');
    s.purchase('50');
    expect(s.left()).toEqual(['0', '50', '20']);
  });

  test('at no cost with the user’s own key, or on a free model; it is in the ledger’s rollups, not its entries', () => {
    const s = story();
    s.upsert();
    expect(s.call('10', { keySource: 'byok' })).toMatchObject({ outcome: 'accepted', charge: { cost: 0n } });
    expect(s.call('10', { model: 'free' })).toMatchObject({ outcome: 'accepted', charge: { cost: 0n } });
    expect(s.ledger()).toEqual(['grant 1: 100 0 0']);
  });

  test('low is at or under 20 percent of the grant', () => {
    const s = story();
    s.upsert();
    s.call('79.999');
    expect(s.balance().state).toBe('ok');
    s.call('0.001');
    expect(s.balance()).toMatchObject({ total: '20', state: 'low' });
    s.purchase('0.000001');
    expect(s.balance().state).toBe('ok');
  });
});

describe('a late event', () => {
  /** Cycle 1 ended on 1 February with 40 credits left, which expired; it is 2 February, 6:00. */
  const late = () => {
    const s = story();
    s.upsert();
    s.purchase('5');
    s.call('60');
    s.at('2026-02-02T06:00:00Z');
    return s;
  };
  const inJanuary = ms('2026-01-31T20:00:00Z');
  const queuedIn = (hours: number) => ({ occurredAt: inJanuary, queuedAt: ms('2026-02-01') + hours * HOUR_MS });

  test('of the cycle before, queued within a day of its end, is charged to what was left of it', () => {
    const s = late();
    expect(s.call('30', queuedIn(23.99))).toMatchObject({
      charge: { fromPrevious: 30_000_000n, cycle: 1, payingCycle: 2 },
    });
    expect(s.ledger().slice(3)).toEqual([
      ...['expiry 1: -40 0 0', 'grant 2: 100 0 0'],
      ...['expiry-reversed 1: 30 0 0', 'usage 1: -30 0 0'],
    ]);
    expect(s.left()).toEqual(['100', '5', '0']);
  });

  test('and beyond that to now', () => {
    const s = late();
    s.call('30', queuedIn(1));
    s.call('15', queuedIn(1));
    expect(s.ledger().slice(-3)).toEqual(['expiry-reversed 1: 10 0 0', 'usage 1: -10 0 0', 'usage 2: -5 0 0']);
    s.call('3', queuedIn(1));
    expect(s.left()).toEqual(['92', '5', '0']);
    expect(broken(s.model)).toEqual([]);
  });

  test('queued a day after the end or later, it is charged to now', () => {
    const s = late();
    s.call('30', queuedIn(24));
    expect(s.ledger().at(-1)).toBe('usage 2: -30 0 0');
  });

  test('of an older cycle, it is charged to now', () => {
    const s = late();
    s.at('2026-03-01T01:00:00Z');
    s.call('30', { occurredAt: inJanuary });
    expect(s.ledger().at(-1)).toBe('usage 3: -30 0 0');
  });

  test('from before the account’s first cycle, it is charged to now and rolled up where it belongs', () => {
    const s = story().at('2026-02-01T01:00:00Z');
    s.upsert();
    expect(s.call('30', { occurredAt: inJanuary })).toMatchObject({ charge: { cycle: 1, fromPrevious: 0n } });
    expect(s.left()).toEqual(['70', '0', '0']);
  });

  test('a closed account’s credits of the cycle before can still pay', () => {
    const s = story();
    s.upsert();
    s.close();
    s.at('2026-02-01T01:00:00Z');
    s.call('30', { occurredAt: inJanuary });
    expect(s.ledger().slice(-2)).toEqual(['expiry-reversed 1: 30 0 0', 'usage 1: -30 0 0']);
  });

  test('of the running cycle is an ordinary one; the day is that of the call', () => {
    const s = late();
    const made = s.call('30', { occurredAt: ms('2026-02-01T10:00:00Z') });
    expect(made).toMatchObject({
      charge: { localDay: ms('2026-02-01') / 86_400_000, cycle: 2, fromMonthly: 30_000_000n },
    });
  });

  test('one stamped ahead counts now: it is charged to the cycle that runs, and rolled up in the one to come', () => {
    const s = story().at('2026-01-31T23:58:00Z');
    s.upsert();
    expect(s.call('30', { occurredAt: ms('2026-02-01T00:01:00Z') })).toMatchObject({
      charge: { cycle: 2, payingCycle: 1 },
    });
  });
});

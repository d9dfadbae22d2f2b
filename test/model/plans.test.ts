/** Rule 6 and closing: larger plans at once, smaller ones at the next cycle, nothing twice. */
import { describe, expect, test } from '@jest/globals';
import { story } from './script.ts';

describe('another plan', () => {
  test('a larger one raises this cycle’s grant, and what is spent stays spent', () => {
    const s = story();
    s.upsert();
    s.call('30');
    s.upsert({ monthly: '250' });
    expect(s.balance().monthly).toMatchObject({ granted: '250', remaining: '220' });
    expect(s.ledger().at(-1)).toBe('grant 1: 150 0 0');
  });

  test('a smaller one waits for the next cycle, and the balance shows it', () => {
    const s = story();
    s.upsert();
    expect(s.balance().monthly).not.toHaveProperty('pending');
    s.upsert({ monthly: '50' });
    expect(s.balance().monthly).toMatchObject({ granted: '100', remaining: '100', pending: '50' });
    s.at('2026-02-01');
    expect(s.balance().monthly).toMatchObject({ granted: '50', remaining: '50' });
    expect(s.balance().monthly).not.toHaveProperty('pending');
  });

  test('down and up again adds nothing', () => {
    const s = story();
    s.upsert();
    s.call('100');
    s.upsert({ monthly: '50' });
    s.upsert({ monthly: '100' });
    expect(s.left()).toEqual(['0', '0', '0']);
    s.upsert({ monthly: '50' });
    s.upsert({ monthly: '120' });
    expect(s.left()).toEqual(['20', '0', '0']);
    expect(s.ledger()).toEqual(['grant 1: 100 0 0', 'usage 1: -100 0 0', 'grant 1: 20 0 0']);
  });

  test('never touches the bonus', () => {
    const s = story();
    s.upsert();
    s.purchase('9');
    for (const monthly of ['0', '500', '10']) s.upsert({ monthly });
    s.at('2026-03-01');
    expect(s.left()).toEqual(['10', '9', '0']);
  });

  test('gives nothing before the anchor', () => {
    const s = story().at('2025-12-20');
    s.upsert();
    s.upsert({ monthly: '500' });
    expect(s.left()).toEqual(['0', '0', '0']);
    expect(s.balance().monthly).not.toHaveProperty('pending');
  });
});

describe('closing', () => {
  test('denies, keeps the bonus, grants no more; what is left of the cycle expires at its end', () => {
    const s = story();
    s.upsert();
    s.purchase('5');
    s.close();
    expect(s.balance()).toMatchObject({ state: 'closed', total: '105' });
    expect(s.gate()).toBe('closed');
    s.at('2026-03-10');
    expect(s.ledger().slice(2)).toEqual(['expiry 1: -100 0 0']);
    expect(s.balance()).toMatchObject({ monthly: { granted: '0', cycle: 3 }, bonus: { remaining: '5' } });
  });

  test('an upsert reopens, with this cycle’s grant', () => {
    const s = story();
    s.upsert();
    s.close();
    s.at('2026-02-10');
    s.upsert();
    expect(s.ledger()).toEqual(['grant 1: 100 0 0', 'expiry 1: -100 0 0', 'grant 2: 100 0 0']);
    expect(s.gate()).toBe('allow');
  });

  test('closed and reopened within one cycle, it gets nothing twice', () => {
    const s = story();
    s.upsert();
    s.call('80');
    s.close();
    s.upsert();
    expect(s.left()).toEqual(['20', '0', '0']);
  });

  test('a call that happened is debited all the same, and purchases count', () => {
    const s = story();
    s.upsert();
    s.close();
    expect(s.call('10').outcome).toBe('accepted');
    expect(s.purchase('3')).toEqual({ outcome: 'applied' });
    expect(s.left()).toEqual(['90', '3', '0']);
  });

  test('no mail is sent, neither a new one nor one that waits', () => {
    const s = story();
    s.upsert();
    s.call('85');
    expect(s.mails()).toEqual(['alert low unsent']);
    s.close();
    s.call('15');
    expect(s.mails()).toEqual(['alert low superseded']);
    expect(s.states()).toEqual(['low: fired', 'depleted: fired']);
    expect(s.model.accounts.get('a')!.crossings.map(({ silent }) => silent)).toEqual([false, true]);
  });
});

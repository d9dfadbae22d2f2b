/** What the platform hears: types, order, sequence, whole state; and the gate behind it (rule 10). */
import { describe, expect, test } from '@jest/globals';
import { story } from './script.ts';

describe('the platform hears', () => {
  test('low, depleted, restored and reset', () => {
    const s = story();
    s.upsert();
    s.call('85');
    s.call('15');
    s.purchase('0.5');
    s.call('0.5');
    s.at('2026-02-01');
    s.balance();
    expect(s.heard()).toEqual([
      ...[
        'credits.low',
        'credits.depleted',
        'credits.restored',
        'credits.depleted',
        'credits.reset',
        'credits.restored',
      ],
    ]);
  });

  test('depleted alone when one step takes everything', () => {
    const s = story();
    s.upsert();
    s.call('100');
    expect(s.heard()).toEqual(['credits.depleted']);
  });

  test('one reset for each missed cycle, none from a closed account', () => {
    const s = story();
    s.upsert();
    s.at('2026-03-10');
    s.balance();
    s.close();
    s.at('2026-06-10');
    s.balance();
    expect(s.heard()).toEqual(['credits.reset', 'credits.reset', 'credits.depleted']);
  });

  test('each with the account’s next number, a stable id and the whole state', () => {
    const s = story();
    s.upsert();
    s.limit('50');
    s.purchase('5');
    s.call('100');
    expect(s.model.accounts.get('a')!.platformEvents).toMatchObject([
      { id: 'a:1', sequence: 1, type: 'credits.low' },
      {
        ...{ id: 'a:2', sequence: 2, type: 'server.limited', serverId: 's' },
        state: { monthly: '0', bonus: '5', cycle: 1, closed: false, limitedServers: ['s'] },
      },
    ]);
  });
});

describe('the gate', () => {
  test('knows nobody it was not told of', () => {
    expect(story().gate()).toBe('unknown-account');
  });

  test('lets own keys and free models through, whatever happened', () => {
    const s = story();
    expect(s.gate({ keySource: 'byok' })).toBe('allow');
    expect(s.gate({ model: 'free' })).toBe('allow');
    s.upsert();
    s.limit('0');
    s.call('100');
    s.close();
    expect(s.gate({ keySource: 'byok' })).toBe('allow');
    expect(s.gate({ model: 'free' })).toBe('allow');
    expect(s.gate({ model: 'alias' })).toBe('closed');
    expect(s.gate({ model: 'nobody-knows' })).toBe('closed');
  });

  test('opens and shuts with the last µcr', () => {
    const s = story();
    s.upsert();
    s.call('99.999');
    expect(s.gate()).toBe('allow');
    s.call('0.001');
    expect(s.gate()).toBe('depleted');
    s.purchase('0.000001');
    expect(s.gate()).toBe('allow');
    s.at('2026-02-01');
    expect(s.gate()).toBe('allow');
  });
});

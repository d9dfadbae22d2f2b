/** Rule 8: a server's daily limit, in the account's own days, and its warning. */
import { describe, expect, test } from '@jest/globals';
import { sendMails } from './index.ts';
import { ms, story } from './script.ts';

describe('a daily limit', () => {
  test('is reached by the cost of that server’s events, covered or not', () => {
    const s = story();
    s.upsert({ monthly: '6' });
    s.limit('10');
    s.call('9');
    expect(s.left()).toEqual(['0', '0', '3']);
    expect(s.heard()).toEqual(['credits.depleted']);
    s.purchase('50');
    expect(s.gate()).toBe('allow');
    s.call('1');
    expect(s.gate()).toBe('daily-limit');
    expect(s.gate({ serverId: 'other' })).toBe('allow');
  });

  test('events on the user’s own key do not count', () => {
    const s = story();
    s.upsert();
    s.limit('10');
    s.call('20', { keySource: 'byok' });
    expect(s.gate()).toBe('allow');
  });

  test('counts what was used before the limit was set, today', () => {
    const s = story();
    s.upsert();
    s.call('12');
    s.limit('10');
    expect(s.gate()).toBe('daily-limit');
  });

  test('changing it re-decides at once: raised, lifted, lowered to nothing', () => {
    const s = story();
    s.upsert();
    s.limit('10');
    s.call('12');
    s.limit('20');
    expect(s.gate()).toBe('allow');
    s.limit('12');
    expect(s.gate()).toBe('daily-limit');
    s.limit(null);
    expect(s.gate()).toBe('allow');
    s.limit('0');
    expect(s.gate()).toBe('daily-limit');
    expect(s.heard()).toEqual([
      'server.limited s',
      'server.released s',
      'server.limited s',
      'server.released s',
      'server.limited s',
    ]);
  });

  test('ends with the local day, however long that is', () => {
    const s = story().at('2026-03-07T15:00:00Z');
    s.upsert({ timeZone: 'America/New_York' });
    s.limit('10');
    s.at('2026-03-08T05:00:00Z'); // midnight in New York; the day has 23 hours
    s.call('10');
    s.at('2026-03-09T03:59:59.999Z');
    expect(s.gate()).toBe('daily-limit');
    s.at('2026-03-09T04:00:00Z');
    expect(s.gate()).toBe('allow');
    s.at('2026-11-01T04:00:00Z'); // and this one 25
    s.call('10');
    s.at('2026-11-02T04:59:59.999Z');
    expect(s.gate()).toBe('daily-limit');
    s.at('2026-11-02T05:00:00Z');
    expect(s.gate()).toBe('allow');
  });

  test('a late event counts on its own day, one stamped past midnight on the next', () => {
    const s = story().at('2026-01-10T23:58:00Z');
    s.upsert();
    s.limit('10');
    s.call('10', { occurredAt: ms('2026-01-09T12:00:00Z') });
    s.call('10', { occurredAt: ms('2026-01-11T00:01:00Z') });
    expect(s.gate()).toBe('allow');
    s.at('2026-01-11');
    expect(s.gate()).toBe('daily-limit');
  });

  test('a change of zone takes effect with the next cycle', () => {
    const s = story().at('2026-01-31T12:00:00Z');
    s.upsert();
    s.limit('10');
    s.upsert({ timeZone: 'America/New_York' });
    s.call('10');
    s.at('2026-02-01T00:00:00Z'); // from here on the days are New York's, where it is still 31 January
    expect(s.gate()).toBe('daily-limit');
    s.at('2026-02-01T05:00:00Z');
    expect(s.gate()).toBe('allow');
  });
});

describe('its mails', () => {
  test('one warning, then one of the limit; both once a day', () => {
    const s = story();
    s.upsert();
    s.limit('10', { warnAtPercent: 80 });
    s.call('7.999');
    expect(s.mails()).toEqual([]);
    s.call('0.001');
    s.call('0.5');
    expect(s.mails()).toEqual(['limit-warning s unsent']);
    sendMails(s.model);
    s.call('5');
    s.call('5');
    expect(s.mails()).toEqual(['limit-warning s sent', 'limit-reached s unsent']);
    s.at('2026-01-11');
    s.call('8');
    expect(s.mails()).toEqual(['limit-warning s sent', 'limit-reached s superseded', 'limit-warning s unsent']);
  });

  test('both in one step make one mail, of the limit', () => {
    const s = story();
    s.upsert();
    s.limit('10', { warnAtPercent: 80 });
    s.call('11');
    expect(s.mails()).toEqual(['limit-reached s unsent']);
  });

  test('a limit that is raised above what was used, and warns already', () => {
    const s = story();
    s.upsert();
    s.limit('10');
    s.call('10');
    s.limit('12', { warnAtPercent: 80 });
    expect(s.mails()).toEqual(['limit-reached s superseded', 'limit-warning s unsent']);
  });

  test('several servers that are released at one midnight: each event says how all of them stand', () => {
    const s = story();
    s.upsert();
    for (const serverId of ['b', 'a', 'c']) s.limit('10', { serverId });
    for (const serverId of ['b', 'a', 'c']) s.call('10', { serverId });
    s.limit('0', { serverId: 'c' });
    s.at('2026-01-11');
    s.balance();
    const released = s.model.accounts.get('a')!.platformEvents.filter(({ type }) => type === 'server.released');
    expect(released.map(({ serverId, state }) => [serverId, state.limitedServers])).toEqual([
      ['a', ['c']],
      ['b', ['c']],
    ]);
  });

  test('a silent change limits without a mail, and the platform hears it', () => {
    const s = story();
    s.upsert();
    s.call('12');
    s.limit('10', { silent: true });
    expect(s.mails()).toEqual([]);
    expect(s.heard()).toEqual(['server.limited s']);
  });
});

/** The rollups: by event time, by every key, in the buckets of a zone, with the parts of the cost. */
import { describe, expect, test } from '@jest/globals';
import { readUsage, type UsageQuery } from './index.ts';
import { ms, story } from './script.ts';

/** Berlin; a story around the end of daylight saving on 25 October 2026, in the cycle before and the one that runs. */
const told = () => {
  const s = story().at('2026-10-26T12:00:00Z');
  s.upsert({ timeZone: 'Europe/Berlin', anchor: '2026-10-25T00:00:00' });
  s.purchase('3');
  const call = (credits: string, at: string, some = {}) => s.call(credits, { occurredAt: ms(at), ...some });
  call('40', '2026-10-24T21:30:00Z'); // 23:30 on the 24th: cycle 0
  call('50', '2026-10-24T22:30:00Z', { model: 'alias' }); // 00:30 on the 25th
  call('5', '2026-10-25T00:30:00Z', { serverId: 't' }); // 02:30, the first time
  call('10', '2026-10-25T01:30:00Z', { serverId: 't' }); // 02:30, the second time
  call('7', '2026-10-25T23:30:00Z', { keySource: 'byok' }); // 00:30 on the 26th
  return s;
};
const ask = (query: UsageQuery) => {
  const s = told();
  return readUsage(s.model, query, s.now());
};

describe('a rollup', () => {
  test('of everything is one row with all the sums', () => {
    expect(ask({})).toEqual([
      {
        ...{ events: 5, inputTokens: 112_000, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
        ...{ credits: '105', monthlyCredits: '100', bonusCredits: '3', uncoveredCredits: '2' },
      },
    ]);
  });

  test.each<[string, UsageQuery, unknown[]]>([
    [
      'server',
      { by: ['server'] },
      [
        { serverId: 's', credits: '90' },
        { serverId: 't', credits: '15' },
      ],
    ],
    ['model, by its name in the price book', { by: ['model'] }, [{ model: 'unit', events: 5 }]],
    [
      'key source',
      { by: ['keySource'] },
      [{ keySource: 'byok', credits: '0', inputTokens: 7000 }, { keySource: 'platform' }],
    ],
    [
      'cycle of the call',
      { by: ['cycle'] },
      [
        { cycle: 0, credits: '40' },
        { cycle: 1, credits: '65' },
      ],
    ],
    [
      'account and server',
      { by: ['account', 'server'] },
      [
        { accountId: 'a', serverId: 's' },
        { accountId: 'a', serverId: 't' },
      ],
    ],
  ])('by %s', (_what, query, rows) => {
    expect(ask(query)).toMatchObject(rows);
  });

  test.each<[string, UsageQuery, [string, string][]]>([
    [
      'local days of the account',
      { accountId: 'a', bucket: 'day' },
      [
        ['2026-10-24', '40'],
        ['2026-10-25', '65'],
        ['2026-10-26', '0'],
      ],
    ],
    [
      'days in UTC without one',
      { bucket: 'day' },
      [
        ['2026-10-24', '90'],
        ['2026-10-25', '15'],
      ],
    ],
    ['months', { bucket: 'month', timeZone: 'UTC' }, [['2026-10', '105']]],
    [
      'hours, of which one comes twice',
      { accountId: 'a', bucket: 'hour', serverId: 't' },
      [
        ['2026-10-25T02:00:00+02:00', '5'],
        ['2026-10-25T02:00:00+01:00', '10'],
      ],
    ],
  ])('in %s', (_what, query, buckets) => {
    const rows = ask(query).map(({ bucket, credits }) => [bucket, credits]);
    expect(rows.sort()).toEqual([...buckets].sort());
  });

  test.each<[string, UsageQuery, number]>([
    ['a time range, the end not included', { from: ms('2026-10-25T00:30:00Z'), to: ms('2026-10-25T01:30:00Z') }, 1],
    ['a server', { serverId: 't' }, 2],
    ['a model', { model: 'unit' }, 5],
    ['an account that is not known', { accountId: 'nobody' }, 0],
  ])('of %s', (_what, query, events) => {
    expect(ask(query)).toMatchObject(events === 0 ? [] : [{ events }]);
  });
});

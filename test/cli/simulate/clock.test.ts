/** The simulated clock of `simulate`: everything that goes by a clock goes by it. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { makeTestFolder } from '../data.ts';
import { type Ran, run } from '../run.ts';
import { account, answers, T, used } from './story.ts';

const folder = makeTestFolder();
afterAll(() => folder.remove());

let files = 0;
const simulate = (lines: readonly object[], env: Record<string, string> = {}): Promise<Ran> => {
  files += 1;
  return run(['simulate', folder.file(`script-${files}.ndjson`, lines)], env);
};

describe('the clock', () => {
  test('a month goes by at once, and a job was queued when the clock says so', async () => {
    const ran = await simulate([
      { now: T('01-20T12:00:00') },
      account('acme'),
      used('e1', 'acme', T('01-20T11:00:00'), 4),
      { now: T('02-01T23:59:59.999') },
      used('in-time', 'acme', T('01-31T10:00:00'), 2),
      { read: 'balance', account: 'acme' },
      { now: T('02-02T00:00:00') },
      used('a-day-late', 'acme', T('01-31T10:00:00'), 1),
      { read: 'balance', account: 'acme' },
      { now: T('02-28T00:00:00') },
      used('too-late', 'acme', T('01-20T12:00:00'), 1),
      used('future', 'acme', T('02-28T00:05:00.001'), 1),
      { read: 'explain', account: 'acme', event: 'too-late' },
      { read: 'explain', account: 'acme', event: 'future' },
    ]);
    const [inTime, late, tooLate, future] = answers(ran);
    expect(inTime).toMatchObject({ asOf: T('02-01T23:59:59.999'), monthly: { cycle: 2, remaining: '10' } });
    expect(late.monthly.remaining).toBe('9');
    expect(tooLate).toMatchObject({
      deadLetters: [{ reason: 'too-late', at: T('02-28T00:00:00.000'), queuedAt: T('02-28T00:00:00.000') }],
    });
    expect(future.deadLetters[0].reason).toBe('future');
  });

  test('what was decided without a time was decided then; the limit of a day ends with it', async () => {
    const ran = await simulate([
      { now: T('01-20T12:00:00') },
      account('acme'),
      { type: 'server.limit', id: 'l1', accountId: 'acme', serverId: 's', dailyCredits: '1' },
      { type: 'server.limit', id: 'l2', accountId: 'acme', serverId: 's', dailyCredits: '5', at: T('01-20T11:59:59') },
      used('e1', 'acme', T('01-20T12:00:00')),
      { read: 'gate', account: 'acme', server: 's' },
      { now: T('01-21T00:00:00') },
      { read: 'gate', account: 'acme', server: 's' },
    ]);
    expect(answers(ran)).toEqual([{ allow: false, reason: 'daily-limit' }, { allow: true }]);
  });

  test('30 days of parking are over when the clock says so, without a job', async () => {
    const parked = { read: 'explain', account: 'acme', event: 'e1' };
    const ran = await simulate([
      { now: T('01-01T00:00:00') },
      used('e1', 'acme', T('01-01T00:00:00')),
      { now: T('01-31T00:00:00') },
      parked,
      { job: 'redrive-parked' },
      { now: T('01-31T00:00:00.001') },
      parked,
      account('acme'),
      { read: 'balance', account: 'acme' },
    ]);
    expect(answers(ran)).toMatchObject([
      { outcome: 'parked', parked: { reason: 'unknown-account', at: T('01-01T00:00:00.000') } },
      { outcome: 'dead-letter', deadLetters: [{ reason: 'unknown-account' }] },
      { total: '10' },
    ]);
  });

  test('goes beyond the present, and queue times with it', async () => {
    const year = (time: string): string => `2099-${time}Z`;
    const ran = await simulate([
      { now: year('01-20T12:00:00') },
      account('acme', { anchor: '2099-01-01T00:00:00' }),
      { now: year('02-02T00:00:00') },
      used('a-day-late', 'acme', year('01-31T10:00:00'), 1),
      { read: 'balance', account: 'acme' },
      { type: 'server.limit', id: 'l1', accountId: 'acme', serverId: 's', dailyCredits: '1' },
      {
        type: 'server.limit',
        id: 'l2',
        accountId: 'acme',
        serverId: 's',
        dailyCredits: '5',
        at: year('02-01T23:59:59'),
      },
      used('today', 'acme', year('02-02T00:00:00'), 1),
      { read: 'gate', account: 'acme', server: 's' },
      used('bad', 'acme', year('02-02T00:00:00'), -1),
      { read: 'explain', account: 'acme', event: 'bad' },
    ]);
    const [balance, gate, bad] = answers(ran);
    expect(balance.monthly).toMatchObject({ cycle: 2, remaining: '9' });
    expect(gate).toEqual({ allow: false, reason: 'daily-limit' });
    expect(bad.deadLetters).toMatchObject([{ queuedAt: year('02-02T00:00:00.000') }]);
  });

  test('an event that waited for its account and finds its model unknown waits on for that', async () => {
    const waits = { read: 'explain', account: 'acme', event: 'e1' };
    const ran = await simulate([
      { now: T('01-20T12:00:00') },
      used('e1', 'acme', T('01-20T12:00:00'), 1, { model: 'not-for-sale' }),
      waits,
      { now: T('01-21T12:00:00') },
      account('acme'),
      waits,
    ]);
    const parked = (reason: string) => ({
      outcome: 'parked',
      parked: { reason, at: T('01-20T12:00:00.000'), releasedAt: null },
    });
    expect(answers(ran)).toMatchObject([parked('unknown-account'), parked('unknown-model')]);
  });

  test('ACCEPT_DAYS and PRICE_BOOK count', async () => {
    const rates = { input: '0', output: '0', cacheRead: '0', cacheWrite: '0' };
    const labels = { speed: 'Fast', creditUsage: 'None', bestFor: 'Tests' };
    const model = { model: 'gift', aliases: [], creditsPer1000Tokens: rates, ...labels };
    // Free at the simulated time, not at present.
    const dear = { ...model, creditsPer1000Tokens: { ...rates, input: '1' } };
    const versions = [
      { name: 'then', effectiveFrom: '1970-01-01T00:00:00Z', models: [model] },
      { name: 'now', effectiveFrom: '2026-02-01T00:00:00Z', models: [dear] },
    ];
    const PRICE_BOOK = folder.file('book.json', [{ versions }]);
    const ran = await simulate(
      [
        { now: T('01-20T00:00:00') },
        account('acme', { plan: { id: 'p', monthlyCredits: '0' } }),
        used('old', 'acme', T('01-18T23:59:59'), 1, { model: 'gift' }),
        { read: 'gate', account: 'acme', server: 's', model: 'gift' },
        { read: 'explain', account: 'acme', event: 'old' },
        { now: T('02-01T00:00:00') },
        { read: 'gate', account: 'acme', server: 's', model: 'gift' },
      ],
      { PRICE_BOOK, ACCEPT_DAYS: '1' },
    );
    const [free, old, charged] = answers(ran);
    expect([free, charged]).toEqual([{ allow: true }, { allow: false, reason: 'depleted' }]);
    expect(old.deadLetters).toMatchObject([{ reason: 'too-late' }]);
  });
});

/** Account commands at the edge: the parsed shapes, and what null and left out mean. */
import { describe, expect, test } from '@jest/globals';
import { parseCommand } from '../../schema/parse-command.ts';

const ids = { id: 'cmd-1', accountId: 'acct-1' };
const base = { ...ids, at: undefined, silent: false };
const upsert = {
  ...ids,
  email: 'ada@example.com',
  timeZone: 'Europe/Berlin',
  anchor: '2026-01-31T00:00:00',
  plan: { id: 'pro', monthlyCredits: '100.50' },
};
const upserted = {
  ...base,
  type: 'account.upsert',
  email: 'ada@example.com',
  timeZone: 'Europe/Berlin',
  anchor: '2026-01-31T00:00:00',
  plan: { id: 'pro', monthlyCredits: 100_500_000n },
  name: undefined,
  locale: undefined,
  recipients: undefined,
  opening: undefined,
};
const keepsAll = { ...upserted, email: undefined, timeZone: undefined, anchor: undefined, plan: undefined };
const atNoon = Date.UTC(2026, 10, 1, 12);

describe('a valid command', () => {
  test.each<[string, object, object]>([
    ['account.upsert', upsert, upserted],
    [
      'account.upsert',
      { ...upsert, type: 'account.upsert', at: '2026-11-01T13:00:00+01:00', silent: true },
      { ...upserted, at: atNoon, silent: true },
    ],
    [
      'account.upsert',
      { ...upsert, timeZone: 'europe/berlin', locale: 'de-ch', anchor: '2026-01-31' },
      { ...upserted, locale: 'de-CH' },
    ],
    [
      'account.upsert',
      { ...ids, plan: { id: 'free', monthlyCredits: '0' } },
      { ...keepsAll, plan: { id: 'free', monthlyCredits: 0n } },
    ],
    [
      'account.upsert',
      { ...ids, name: null, locale: null, recipients: null },
      { ...keepsAll, name: null, locale: null, recipients: null },
    ],
    ['account.upsert', { ...ids, at: null, opening: null, name: '  ' }, { ...keepsAll, name: null }],
    [
      'account.upsert',
      { ...ids, recipients: ['b@x.io', 'a@x.io', 'b@x.io'] },
      { ...keepsAll, recipients: ['b@x.io', 'a@x.io'] },
    ],
    [
      'account.upsert',
      { ...upsert, opening: { monthlyRemaining: '100.5', bonus: '7' } },
      { ...upserted, opening: { monthlyRemaining: 100_500_000n, bonus: 7_000_000n } },
    ],
    // Sent again with a smaller plan: only at first sight does it matter, and the ledger knows when that is.
    [
      'account.upsert',
      { ...upsert, opening: { monthlyRemaining: '100.500001', bonus: '0' } },
      { ...upserted, opening: { monthlyRemaining: 100_500_001n, bonus: 0n } },
    ],
    ['account.close', { ...ids, reason: 'Left us' }, { ...base, type: 'account.close', reason: 'Left us' }],
    [
      'credits.purchase',
      { ...ids, credits: '25' },
      {
        ...base,
        type: 'credits.purchase',
        credits: 25_000_000n,
        price: undefined,
        purchasedAt: undefined,
        reference: undefined,
      },
    ],
    [
      'credits.purchase',
      {
        ...ids,
        credits: '0.000001',
        price: { amount: '10.50', currency: 'eur' },
        purchasedAt: atNoon,
        reference: 'inv 7/2026',
      },
      {
        ...base,
        type: 'credits.purchase',
        credits: 1n,
        price: { amount: '10.5', currency: 'EUR' },
        purchasedAt: atNoon,
        reference: 'inv 7/2026',
      },
    ],
    [
      'credits.purchase',
      { ...ids, credits: '1', price: { amount: 10.5, currency: 'EUR' } },
      expect.objectContaining({ price: { amount: '10.5', currency: 'EUR' } }),
    ],
    [
      'credits.refund',
      { ...ids, purchaseId: 'cmd-0', credits: '3' },
      { ...base, type: 'credits.refund', purchaseId: 'cmd-0', credits: 3_000_000n },
    ],
    [
      'alerts.set',
      {
        ...ids,
        alerts: [
          { id: 'a', kind: 'absolute', credits: '0' },
          { id: 'b', kind: 'percent', percent: 12.5 },
          { id: 'c', kind: 'runway', days: 3 },
        ],
      },
      {
        ...base,
        type: 'alerts.set',
        alerts: [
          { id: 'a', kind: 'absolute', credits: 0n },
          { id: 'b', kind: 'percent', percent: 12.5 },
          { id: 'c', kind: 'runway', days: 3 },
        ],
      },
    ],
    ['alerts.set', { ...ids, alerts: null }, { ...base, type: 'alerts.set', alerts: [] }],
    [
      'server.limit',
      { ...ids, serverId: 's', dailyCredits: '5', warnAtPercent: 80 },
      { ...base, type: 'server.limit', serverId: 's', dailyCredits: 5_000_000n, warnAtPercent: 80 },
    ],
    [
      'server.limit',
      { ...ids, serverId: 's', dailyCredits: null, warnAtPercent: null },
      { ...base, type: 'server.limit', serverId: 's', dailyCredits: null, warnAtPercent: null },
    ],
    [
      'server.limit',
      { ...ids, serverId: 's' },
      { ...base, type: 'server.limit', serverId: 's', dailyCredits: undefined, warnAtPercent: undefined },
    ],
    [
      'usage.void',
      { ...ids, eventId: 'call-1', reason: 'Counted twice' },
      { ...base, type: 'usage.void', eventId: 'call-1', reason: 'Counted twice' },
    ],
  ])('%s %j', (type, data, command) => {
    const result = parseCommand(type, data);
    expect(result).toStrictEqual({ ok: true, command });
  });
});

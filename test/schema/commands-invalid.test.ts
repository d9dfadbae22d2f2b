/** Account commands at the edge: what is refused, by which field, in which words. */
import { describe, expect, test } from '@jest/globals';
import { parseCommand } from '../../schema/parse-command.ts';

const ids = { id: 'cmd-1', accountId: 'acct-1' };
const upsert = {
  ...ids,
  email: 'ada@example.com',
  timeZone: 'Europe/Berlin',
  anchor: '2026-01-31T00:00:00',
  plan: { id: 'pro', monthlyCredits: '100.50' },
};

const invalid: [type: string, field: string, data: object, problem: RegExp][] = [
  ['account.upsert', 'id', { id: undefined }, /^id is missing, but/],
  [
    'account.upsert',
    'type',
    { type: 'account.close' },
    /^type is the text "account.close", but must be "account.upsert", as the job is named\.$/,
  ],
  ['account.upsert', 'email', { email: null }, /^email is null, but/],
  [
    'account.upsert',
    'email',
    { email: 'ada' },
    /^email is a text of 3 characters, but must be one plain e-mail address/,
  ],
  ['account.upsert', 'email', { email: 'ada@localhost' }, /13 characters/],
  ['account.upsert', 'email', { email: 'ada@example.com\r\nBcc: eve@example.com' }, /one plain e-mail address/],
  ['account.upsert', 'email', { email: 'ada@example.com\n' }, /one plain e-mail address/],
  ['account.upsert', 'email', { email: 'ada@example.com,eve@example.com' }, /one plain e-mail address/],
  ['account.upsert', 'email', { email: 'Ada <ada@example.com>' }, /one plain e-mail address/],
  ['account.upsert', 'email', { email: '"a b"@example.com' }, /one plain e-mail address/],
  ['account.upsert', 'email', { email: 'a..b@example.com' }, /one plain e-mail address/],
  ['account.upsert', 'email', { email: 'a@-example.com' }, /one plain e-mail address/],
  ['account.upsert', 'email', { email: `${'a'.repeat(65)}@example.com` }, /one plain e-mail address/],
  ['account.upsert', 'email', { email: `a@${'b'.repeat(60)}.${'c.'.repeat(100)}com` }, /at most 254/],
  [
    'account.upsert',
    'recipients',
    { recipients: 'a@x.io' },
    /^recipients is a text of 6 characters, but must be a list of at most 5/,
  ],
  [
    'account.upsert',
    'recipients',
    { recipients: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}@x.io`) },
    /^recipients is a list of 6, but/,
  ],
  [
    'account.upsert',
    'recipients[1]',
    { recipients: ['a@x.io', 'b'] },
    /^recipients\[1\] is a text of 1 characters, but/,
  ],
  [
    'account.upsert',
    'timeZone',
    { timeZone: 'Mars/Olympus' },
    /^timeZone is the text "Mars\/Olympus", but must be an IANA time zone name/,
  ],
  ['account.upsert', 'timeZone', { timeZone: '+02:00' }, /IANA/],
  ['account.upsert', 'timeZone', { timeZone: null }, /^timeZone is null, but/],
  [
    'account.upsert',
    'anchor',
    { anchor: '2026-02-30T00:00:00' },
    /^anchor is the text "2026-02-30T00:00:00", but must be a local date-time that exists/,
  ],
  ['account.upsert', 'anchor', { anchor: '2026-01-31T00:00:00Z' }, /has no offset/],
  ['account.upsert', 'anchor', { anchor: 1_793_534_400_000 }, /^anchor is 1793534400000, but/],
  ['account.upsert', 'plan', { plan: null }, /^plan is null, but must be an object of id and monthlyCredits/],
  [
    'account.upsert',
    'plan.monthlyCredits',
    { plan: { id: 'pro', monthlyCredits: 100 } },
    /^plan\.monthlyCredits is 100, but must be credits as a decimal string such as "12\.5"/,
  ],
  ['account.upsert', 'plan.price', { plan: { ...upsert.plan, price: 1 } }, /^plan\.price is not a known field/],
  ['account.upsert', 'locale', { locale: 'not a locale' }, /BCP 47/],
  [
    'account.upsert',
    'name',
    { name: 'Ada\u0000' },
    /^name is a text of 4 characters, but must be a text of at most 200/,
  ],
  ['account.upsert', 'name', { name: 'x'.repeat(201) }, /at most 200/],
  ['account.upsert', 'silent', { silent: 'yes' }, /^silent is the text "yes", but must be true or false/],
  ['account.upsert', 'at', { at: '2200-01-01T00:00:00Z' }, /from 1970 to 2199/],
  ['account.upsert', 'opening.bonus', { opening: { monthlyRemaining: '1' } }, /^opening\.bonus is missing, but/],
  [
    'account.upsert',
    'timezone',
    { timezone: 'UTC' },
    /^timezone is not a known field; accepted are type, id, .* and opening\.$/,
  ],
  ['account.close', 'reason', {}, /^reason is missing, but must be a text of 1 to 500 characters/],
  ['account.close', 'reason', { reason: 'a\tb' }, /without control characters/],
  ['credits.purchase', 'credits', { credits: '0' }, /more than 0/],
  ['credits.purchase', 'credits', { credits: 0.1 }, /^credits is 0\.1, but/],
  ...['', '-1', '+1', '1e3', '.5', '5.', ' 5', '5 ', '1,5', '1.0000001', '9007199254.740992', 'Infinity', '٣'].map(
    (credits): [string, string, object, RegExp] => [
      'credits.purchase',
      'credits',
      { credits },
      /decimal string such as "12\.5"/,
    ],
  ),
  [
    'credits.purchase',
    'price.amount',
    { credits: '1', price: { amount: '1e3', currency: 'EUR' } },
    /^price\.amount is the text "1e3", but/,
  ],
  [
    'credits.purchase',
    'price.amount',
    { credits: '1', price: { amount: -1, currency: 'EUR' } },
    /^price\.amount is -1, but/,
  ],
  ['credits.purchase', 'price.currency', { credits: '1', price: { amount: '1', currency: '€' } }, /ISO 4217/],
  ['credits.purchase', 'reference', { credits: '1', reference: 'x'.repeat(201) }, /at most 200/],
  ['credits.refund', 'purchaseId', { credits: '1' }, /^purchaseId is missing, but/],
  ['alerts.set', 'alerts', {}, /^alerts is missing, but must be a list of at most 20 alerts/],
  ['alerts.set', 'alerts', { alerts: { id: 'a' } }, /^alerts is an object, but must be a list/],
  [
    'alerts.set',
    'alerts',
    { alerts: Array.from({ length: 21 }, (_, i) => ({ id: `a${i}`, kind: 'runway', days: 1 })) },
    /^alerts is a list of 21, but/,
  ],
  ['alerts.set', 'alerts[0]', { alerts: ['low'] }, /^alerts\[0\] is the text "low", but must be an object/],
  [
    'alerts.set',
    'alerts[0].kind',
    { alerts: [{ id: 'a', kind: 'constructor' }] },
    /^alerts\[0\]\.kind is the text "constructor", but must be "absolute", "percent" or "runway"/,
  ],
  [
    'alerts.set',
    'alerts[0].percent',
    { alerts: [{ id: 'a', kind: 'percent', percent: 101 }] },
    /^alerts\[0\]\.percent is 101, but/,
  ],
  ['alerts.set', 'alerts[0].percent', { alerts: [{ id: 'a', kind: 'percent', percent: 0 }] }, /above 0/],
  ['alerts.set', 'alerts[0].days', { alerts: [{ id: 'a', kind: 'runway', days: 1.005 }] }, /at most two decimals/],
  [
    'alerts.set',
    'alerts[0].percent',
    { alerts: [{ id: 'a', kind: 'runway', days: 1, percent: 3 }] },
    /is not a known field; accepted are id, kind and days/,
  ],
  [
    'alerts.set',
    'alerts[1].id',
    {
      alerts: [
        { id: 'a', kind: 'runway', days: 1 },
        { id: 'a', kind: 'runway', days: 2 },
      ],
    },
    /^alerts\[1\]\.id is the text "a", but must be another id/,
  ],
  ['server.limit', 'serverId', {}, /^serverId is missing/],
  ['server.limit', 'dailyCredits', { serverId: 's', dailyCredits: 5 }, /^dailyCredits is 5, but/],
  ['server.limit', 'warnAtPercent', { serverId: 's', warnAtPercent: 150 }, /^warnAtPercent is 150, but/],
  ['usage.void', 'eventId', { reason: 'x' }, /^eventId is missing, but/],
];

describe('an invalid command', () => {
  test.each(invalid)('%s with a wrong %s in %j', (type, field, data, problem) => {
    const sent = type === 'account.upsert' ? { ...upsert, ...data } : { ...ids, ...data };
    expect(parseCommand(type, sent)).toEqual({ ok: false, field, reason: expect.stringMatching(problem) });
  });

  test.each(['', 'account', 'constructor', '__proto__', 'Account.Upsert', 'credits.purchase\n'])(
    'an unknown type %j',
    (type) => {
      expect(parseCommand(type, upsert)).toMatchObject({
        ok: false,
        field: 'type',
        reason: expect.stringMatching(/^type is .*, but must be one of account\.upsert, .*, usage\.void\.$/),
      });
    },
  );

  test.each([[undefined], [null], [5], ['x'], [[]]])('data that is %p', (data) => {
    expect(parseCommand('account.close', data)).toMatchObject({ ok: false, field: 'command' });
  });

  test('says nothing about a person', () => {
    const personal = { email: 'ada lovelace', name: 'Ada\n', recipients: ['eve,mallory'] };
    for (const [field, value] of Object.entries(personal)) {
      const result = parseCommand('account.upsert', { ...upsert, [field]: value });
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toMatch(/lovelace|Ada|mallory/);
    }
  });
});

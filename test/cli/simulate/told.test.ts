/** What a script can read of alerts, mails and platform events, and that each of its lines is a step of its own. */
import { afterAll, expect, test } from '@jest/globals';
import { makeTestFolder } from '../data.ts';
import { type Ran, run } from '../run.ts';
import { account, answers, T, used } from './story.ts';

const folder = makeTestFolder();
afterAll(() => folder.remove());

let files = 0;
const simulate = (lines: readonly object[]): Promise<Ran> => {
  files += 1;
  return run(['simulate', folder.file(`script-${files}.ndjson`, lines)]);
};
const at = T('01-20T12:00:00');
const MS = Date.parse(at);
const iso = T('01-20T12:00:00.000');

test('events that follow each other cross one after the other, each with a mail of its own', async () => {
  const ran = await simulate([
    { now: at },
    account('acme'),
    account('other'),
    { type: 'alerts.set', id: 'set', accountId: 'acme', alerts: [{ id: 'half', kind: 'absolute', credits: '5' }] },
    ...[5, 3, 2].flatMap((credits, i) => [used(`e${i}`, 'acme', at, credits), used(`e${i}`, 'other', at)]),
    { read: 'mails', account: 'acme' },
    { read: 'alerts', account: 'acme', limit: 2 },
    { read: 'platform-events', account: 'acme' },
    { read: 'platform-events', account: 'acme', limit: 1 },
    { read: 'platform-events', account: 'other' },
    { read: 'explain', account: 'acme', event: 'e1' },
    { read: 'explain', account: 'acme', mail: 'acme:mail:1' },
  ]);
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
  const [mails, alerts, heard, last, nothing, explained, mail] = answers(ran);
  const decided = { decidedAt: iso, at: iso, by: 'event', status: 'sent', attempts: 1 };
  expect(mails).toMatchObject([
    { ...decided, intentId: 'acme:mail:3', kind: 'depleted', about: 'built-in:depleted', ref: 'e2' },
    { ...decided, intentId: 'acme:mail:2', kind: 'low-credits', about: 'built-in:low', ref: 'e1' },
    { ...decided, intentId: 'acme:mail:1', kind: 'low-credits', about: 'own:half', ref: 'e0' },
  ]);
  expect(alerts.alerts.map(({ id, state }: { id: string; state: string }) => `${id} ${state}`)).toEqual([
    ...['low fired', 'depleted fired', 'half fired'],
  ]);
  expect(alerts.crossings).toMatchObject([
    { alertId: 'depleted', state: 'fired', ref: 'e2', remaining: '0' },
    { alertId: 'low', state: 'fired', ref: 'e1', remaining: '2' },
  ]);
  const state = { bonus: '0', cycle: 1, closed: false, limitedServers: [] };
  const low = { type: 'credits.low', sequence: 1, state: { ...state, monthly: '2' } };
  const depleted = { type: 'credits.depleted', sequence: 2, state: { ...state, monthly: '0' } };
  expect(heard).toEqual(
    [low, depleted].map((one) => ({ id: `acme:${one.sequence}`, accountId: 'acme', at: MS, ...one })),
  );
  expect(last).toEqual(heard.slice(-1));
  expect(nothing).toEqual([]);
  expect(explained.charge.alerts).toMatchObject([{ alertId: 'low', intentId: 'acme:mail:2' }]);
  expect(mail).toMatchObject({ status: 'sent', cause: { ref: 'e0' }, supersededBy: null });
});

test('a limit that is reached, and released at midnight', async () => {
  const ran = await simulate([
    { now: at },
    account('acme'),
    ...[
      { type: 'server.limit', id: 'l', accountId: 'acme', serverId: 's', dailyCredits: '2', warnAtPercent: 50 },
      used('e1', 'acme', at),
      used('e2', 'acme', at),
    ],
    { read: 'mails', account: 'acme' },
    { now: T('01-21T00:00:00') },
    { read: 'mails', account: 'acme' },
    { read: 'platform-events', account: 'acme' },
  ]);
  const [before, after, heard] = answers(ran);
  const brief = (mails: { kind: string; about: string; status: string }[]): string[] =>
    mails.map(({ kind, about, status }) => `${kind} ${about} ${status}`);
  expect(brief(before)).toEqual(['limit-reached s sent', 'limit-warning s sent']);
  expect(brief(after)).toEqual(brief(before));
  expect(heard).toMatchObject([
    { type: 'server.limited', serverId: 's', state: { limitedServers: ['s'] } },
    { type: 'server.released', serverId: 's', at: MS + 12 * 3_600_000, state: { limitedServers: [] } },
  ]);
});

test('what each kind of mail says', async () => {
  const ran = await simulate([
    { now: at },
    account('acme', { name: 'Ada' }),
    used('e1', 'acme', at, 8),
    { type: 'credits.purchase', id: 'buy', accountId: 'acme', credits: '2.5', reference: 'invoice 7' },
    { now: T('02-01T00:00:00') },
    { read: 'mails', account: 'acme' },
    { read: 'mails', account: 'acme', limit: 1 },
  ]);
  expect(ran.stderr).toBe('');
  const [mails, newest] = answers(ran);
  const kinds = mails.map(({ kind, subject, text }: { kind: string; subject: string; text: string }) => {
    expect(subject).toMatch(/^[^\n]{5,99}$/);
    expect(text).toContain('Ada');
    return kind;
  });
  expect(kinds).toEqual(['monthly-reset', 'receipt', 'low-credits']);
  expect(mails[1].text).toContain('2.5 credits');
  expect(mails[2].text).toContain('claude-haiku-4.5');
  expect(newest).toEqual(mails.slice(0, 1));
});

test('an account or a mail that is not known is an error of its own', async () => {
  const ran = await simulate([
    { now: at },
    account('acme'),
    ...['alerts', 'mails', 'platform-events'].map((read) => ({ read, account: 'nobody' })),
    { read: 'explain', account: 'acme', mail: 'acme:mail:1' },
  ]);
  expect(ran.code).toBe(1);
  const codes = answers(ran).map(({ error }: { error: { code: string } }) => error.code);
  expect(codes).toEqual(['unknown-account', 'unknown-account', 'unknown-account', 'unknown-mail']);
});

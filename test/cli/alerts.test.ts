/**
 * `alerts` and `explain --mail`: the present and the past of alerts and mails, against the model on random histories,
 * and told in JSON and in words for one story.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { askAlerts } from '../../cli/alerts/ask.ts';
import { alertsView } from '../../cli/alerts/view.ts';
import { askExplain } from '../../cli/explain/ask.ts';
import { mailPage } from '../../cli/explain/mail-page.ts';
import { askMail } from '../../cli/explain/mail-read.ts';
import { explainPage } from '../../cli/explain/page.ts';
import type { History } from '../../cli/flushed.ts';
import { formatCredits, MICROS_PER_CREDIT, type Micros } from '../../core/money.ts';
import { BOOKS, history as histories, START_MS } from '../ledger/histories.ts';
import { alerts, BOOK, event, START_MS as NOON_MS, purchase, upsert } from '../ledger/samples.ts';
import { sendMails } from '../ledger/watched.ts';
import { readAlerts } from '../model/index.ts';
import { makeTestFolder } from './data.ts';
import { type HistoryWorld, openHistoryWorld } from './history-world.ts';
import { play } from './play.ts';
import { run } from './run.ts';

const RUNS = 15;
const ALL = 10_000;
const iso = (ms: number): string => new Date(ms).toISOString();

const historyOf = (world: HistoryWorld): History => ({
  ledger: world.real.context,
  reader: world.reader,
  flushedUpTo: async (sequence) => {
    await world.flush();
    return sequence;
  },
});

describe('against the model', () => {
  let world: HistoryWorld;
  beforeAll(async () => {
    world = await openHistoryWorld(BOOKS[0], START_MS);
  });

  test('random histories: alerts, what was crossed, and the mails that stand', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(histories, async (steps) => {
        n += 1;
        const { model, suffix } = await play(world, steps, n);
        for (const id of ['a', 'b', 'c:1']) {
          const expected = readAlerts(model.model, id, model.clock);
          if (expected === undefined) continue;
          const { shape } = await askAlerts(historyOf(world), id + suffix, ALL);
          expect(shape.alerts.map(({ id: alertId, state, threshold }) => [alertId, state, threshold])).toEqual(
            expected.alerts.map((one) => [
              ...[one.id, one.state],
              one.threshold === undefined ? null : formatCredits(one.threshold),
            ]),
          );
          const fired = shape.crossings.filter(({ state }) => state === 'fired').reverse();
          expect(fired.map(({ alertId, at, remaining, by, ref }) => [alertId, at, remaining, by, ref])).toEqual(
            expected.crossings.map(({ alert, at, remaining, by, ref }) => [
              ...[alert.id, iso(at), formatCredits(remaining), by, ref],
            ]),
          );
          const standing = (mails: readonly { readonly status: string }[]): string[] =>
            mails.map(({ status }) => status).filter((status) => status !== 'superseded');
          expect(standing([...shape.mails].reverse())).toEqual(standing(expected.mails));
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});

describe('a story', () => {
  let world: HistoryWorld;
  const credits = (count: number): Micros => (BigInt(count) * MICROS_PER_CREDIT) as Micros;
  const at = iso(NOON_MS);
  beforeAll(async () => {
    world = await openHistoryWorld(BOOK, NOON_MS);
    const { real } = world;
    const spend = (id: string, tokens: number) =>
      real.events([{ event: event({ id, tokens, occurredAt: NOON_MS }), queuedAt: NOON_MS }]);
    await real.command(upsert({ monthly: 100_000_000 }), NOON_MS);
    const half = { id: 'half', kind: 'absolute', credits: credits(50) } as const;
    await real.command(alerts(0, { id: 'set', alerts: [half] }), NOON_MS);
    await spend('e1', 55_000_000);
    await sendMails(real);
    await spend('e2', 30_000_000);
    await spend('e3', 20_000_000);
    await real.command(purchase({ id: 'buy', amount: 30_000_000 }), NOON_MS);
  });

  test('as JSON, the newest first', async () => {
    const { shape } = await askAlerts(historyOf(world), 'a');
    expect(shape).toEqual({
      ...{ accountId: 'a', asOf: at, remaining: '30' },
      alerts: [
        { id: 'low', builtIn: true, kind: 'percent', percent: 20, state: 'armed', threshold: '20' },
        { id: 'depleted', builtIn: true, kind: 'absolute', credits: '0', state: 'armed', threshold: '0' },
        { id: 'half', builtIn: false, kind: 'absolute', credits: '50', state: 'fired', threshold: '50' },
      ],
      crossings: [
        ['depleted', true, 'armed', '0', '30', 'command', 'buy'],
        ['low', true, 'armed', '20', '30', 'command', 'buy'],
        ['depleted', true, 'fired', '0', '0', 'event', 'e3'],
        ['low', true, 'fired', '20', '15', 'event', 'e2'],
        ['half', false, 'fired', '50', '45', 'event', 'e1'],
      ].map(([alertId, builtIn, state, threshold, remaining, by, ref]) => ({
        ...{ alertId, builtIn, at, state, threshold, remaining, by, ref, silent: false },
      })),
      mails: [
        ['a:mail:4', 'receipt', 'unsent', '', 'command', 'buy', at],
        ['a:mail:3', 'depleted', 'superseded', 'built-in:depleted', 'event', 'e3', null],
        ['a:mail:2', 'low-credits', 'superseded', 'built-in:low', 'event', 'e2', null],
        ['a:mail:1', 'low-credits', 'sent', 'own:half', 'event', 'e1', null],
      ].map(([intentId, kind, status, about, by, ref, dueAt]) => ({
        ...{ intentId, kind, status, about, decidedAt: at, at, dueAt, by, ref, words: '' },
        attempts: status === 'sent' ? 1 : 0,
      })),
    });
  });

  test('bounded', async () => {
    const { shape } = await askAlerts(historyOf(world), 'a', 2);
    expect(shape.crossings.map(({ alertId }) => alertId)).toEqual(['depleted', 'low']);
    expect(shape.mails.map(({ intentId }) => intentId)).toEqual(['a:mail:4', 'a:mail:3']);
  });

  test('in words', async () => {
    const { shape, states } = await askAlerts(historyOf(world), 'a');
    const page = alertsView(shape, states, 'Europe/Berlin');
    expect(page).toMatch(/^a {2}30 credits remain$/m);
    expect(page).toMatch(/^low \(built in\) +armed +at 20 % of the grant +20$/m);
    expect(page).toMatch(/^half +fired +at 50 credits +50$/m);
    expect(page).toMatch(/^\S+ \S+ +half +fired +50 +45 +event e1$/m);
    expect(page).toMatch(/^\S+ \S+ +a:mail:1 +low-credits, alert half +sent /m);
    expect(page).toMatch(/^\S+ \S+ +a:mail:4 +receipt +unsent +due /m);
  });

  test('what an event set off, and in which mail it is told', async () => {
    const history = historyOf(world);
    const { shape } = await askExplain(history, 'a', 'e3');
    expect(shape.charge!.alerts).toEqual([
      {
        ...{ alertId: 'depleted', builtIn: true, kind: 'absolute', credits: '0', state: 'fired', at },
        ...{ threshold: '0', remaining: '0', silent: false, intentId: 'a:mail:3' },
      },
    ]);
    expect(shape.charge!.mails).toEqual([{ intentId: 'a:mail:3', kind: 'depleted', about: 'built-in:depleted' }]);
    expect(explainPage(shape, 'UTC')).toContain(
      'What it set off:\n  alert depleted (built in) fired at 0, with 0 left: mail a:mail:3',
    );
    expect(explainPage((await askExplain(history, 'a', 'e1')).shape, 'UTC')).toContain('alert half fired at 50');
  });

  test('a mail that was sent: what it was decided by, the numbers then, the rule', async () => {
    const { shape } = await askMail(historyOf(world), 'a', 'a:mail:1');
    expect(shape).toMatchObject({
      ...{ accountId: 'a', intentId: 'a:mail:1', kind: 'low-credits', about: 'own:half', status: 'sent' },
      ...{ decidedAt: at, dueAt: null, attempts: 1, details: null, supersededBy: null },
      cause: { by: 'event', ref: 'e1', event: { credits: '55', occurredAt: at }, command: null },
      numbers: { at, remaining: '45', monthly: '45', bonus: '0', granted: '100', cycle: 1, pace: null },
      alerts: [{ id: 'half', builtIn: false, kind: 'absolute', credits: '50', threshold: '50', rearmsAt: '52.5' }],
      steps: [
        { status: 'decided', at, attempts: 0 },
        { status: 'sent', at, attempts: 1 },
      ],
    });
    expect(shape.rule).toBe(
      'Alert half fires when what remains falls to its threshold or below: at 50 credits. It was armed, and 45 ' +
        'remained: it fired. It is armed again, and can fire again, with 52.5 or more: the threshold and the larger of ' +
        '1 credit and 5 % of it. It is fired now.',
    );
    const page = mailPage(shape, 'UTC');
    expect(page).toContain('Mail a:mail:1 of a (low-credits, alert half) was sent.');
    expect(page).toContain('event e1: 55 credits');
    expect(page).toContain('remaining  45  (monthly 45 of 100, bonus 0)');
  });

  test.each([
    ['a:mail:2', { mails: ['a:mail:3'], armed: [], commands: [] }, 'mail a:mail:3 was decided'],
    [
      'a:mail:3',
      { mails: [], armed: ['built-in:depleted'], commands: [{ id: 'buy', type: 'credits.purchase' }] },
      'its alert was armed again',
    ],
  ])('a mail that was superseded, and by what: %s', async (intentId, by, words) => {
    const { shape } = await askMail(historyOf(world), 'a', intentId);
    expect(shape).toMatchObject({ status: 'superseded', supersededBy: by });
    expect(mailPage(shape, 'UTC')).toContain(words);
  });

  test('a mail that waits', async () => {
    const { shape } = await askMail(historyOf(world), 'a', 'a:mail:4');
    expect(shape).toMatchObject({
      ...{ status: 'unsent', dueAt: at, details: { purchaseId: 'buy', credits: '30' } },
      cause: { by: 'command', ref: 'buy', event: null, command: { type: 'credits.purchase' } },
    });
    expect(mailPage(shape, 'UTC')).toContain('command buy: credits.purchase');
  });

  test('not known', async () => {
    await expect(askMail(historyOf(world), 'a', 'a:mail:9')).rejects.toMatchObject({ code: 'unknown-mail' });
    await expect(askAlerts(historyOf(world), 'nobody')).rejects.toMatchObject({ code: 'unknown-account' });
  });
});

describe('the commands', () => {
  const folder = makeTestFolder();
  const cli = (...argv: string[]) => run(argv, folder.env);
  afterAll(() => folder.remove());

  test('are refused before anything is started', async () => {
    expect(await cli('explain', 'e', '--mail', 'a:mail:1', '--account', 'a')).toMatchObject({
      ...{ code: 2, stderr: 'flowly-credits: explain takes an event or --mail: one of the two.\n' },
    });
    expect(await cli('explain', '--account', 'a')).toMatchObject({ code: 2 });
    expect(await cli('explain', '--account', 'a', '--mail', 'a')).toMatchObject({
      ...{ code: 2, stderr: 'flowly-credits: --mail is "a", but must be a mail’s id such as acct-42:mail:7.\n' },
    });
    expect(await cli('alerts', 'a', '--limit', '0')).toMatchObject({ code: 2 });
  });

  test('answer without a service', async () => {
    const file = folder.file('a.ndjson', [
      {
        ...{ type: 'account.upsert', id: 'up', accountId: 'acme', email: 'owner@example.com', timeZone: 'UTC' },
        ...{ anchor: '2026-01-01T00:00:00', plan: { id: 'p', monthlyCredits: '10' } },
      },
    ]);
    expect((await cli('ingest', file)).code).toBe(0);
    const { code, stdout, stderr } = await cli('alerts', 'acme', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ accountId: 'acme', remaining: '10', crossings: [], mails: [] });
    expect((await cli('alerts', 'acme')).stdout).toContain('No alert has fired yet.');
    expect(await cli('alerts', 'nobody')).toMatchObject({ code: 1, stderr: expect.stringContaining('is not known') });
    expect(await cli('explain', '--mail', 'acme:mail:1', '--account', 'acme')).toMatchObject({
      code: 1,
      stderr: 'flowly-credits: Mail acme:mail:1 of account acme is not known: no mail of that id was decided.\n',
    });
  });
});

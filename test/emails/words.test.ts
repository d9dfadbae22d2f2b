/** What each mail must say: which credits, until when, why it came. Read from its text. */
import { describe, expect, test } from '@jest/globals';
import type { CrossedAlert, Message } from '../../emails/message.ts';
import { renderMail } from '../../emails/render.ts';
import { SAMPLES } from '../../emails/samples.ts';
import { credits, messageOf, onOneLine, seen } from './samples.ts';

const textOf = async (message: Message): Promise<string> => onOneLine((await renderMail(message)).text);
const sample = (name: string): Message => SAMPLES.find((one) => one.name === name)!.message;

const SAID: [sample: string, sentences: string[]][] = [
  [
    'low-credits',
    [
      '19.2 credits are left: 14.2 monthly and 5 bonus.',
      'At the pace of the last 7 days (4.8 credits a day), credits end Thu 26 Nov, 5 days before the reset.',
      '14.2 of 100 credits left',
      'Monthly credits 14.2 expire at the start of Tue 1 Dec, in 9 days',
      'Bonus credits 5 never expire',
      'Total 19.2',
      'From Sun 1 Nov to Sun 22 Nov, 1,902 calls used 85.8 credits.',
      'atlas-support-bot 1,204 52.35',
      'All others 98 3.6',
      'claude-haiku-4.5 1,042 17.4',
      'server atlas-support-bot would have saved 34.9 of the 52.35 credits it used',
      'You get this because a built-in alert that every account has fires at or below 20% of the monthly grant (20 credits).',
    ],
  ],
  [
    'low-credits-own-alert',
    [
      'your alert team-25 fires at or below 25 credits.',
      'Crossed at the same time: your alert third, at or below 33.3% of the monthly grant (33.3 credits).',
    ],
  ],
  ['low-credits-runway', ['your alert a-week fires when credits would end within 7 days.']],
  ['low-credits-no-forecast', ['There is no forecast yet: it takes 2 full days of use to know a pace.']],
  [
    'depleted',
    [
      'Calls with your own provider keys and calls of free models go on.',
      'Calls with the platform’s key are refused until there are credits again.',
      'The next grant of 100 credits comes Tue 1 Dec, in 9 days.',
      '0.75 credits of use in this cycle found no credits left',
      'fires when no credits are left.',
    ],
  ],
  ['depleted-no-grant', ['Your plan has no monthly credits, so none come by themselves.']],
  ['restored', ['Calls with the platform’s key are allowed again', '50 credits are left: 0 monthly and 50 bonus.']],
  [
    'monthly-reset',
    [
      '100 credits came for cycle 5, which ends Fri 1 Jan, in 31 days.',
      '8.2 credits of the old cycle expired unused.',
      'Sun 1 Nov to Tue 1 Dec Granted 100 Used 91.8 Expired unused 8.2',
      'The reset leaves bonus credits as they are.',
    ],
  ],
  ['monthly-reset-used-up', ['Nothing expired with the old cycle.', 'Used 100', 'Not covered 3']],
  [
    'expiring',
    [
      'What is left of them expires Tue 1 Dec, in 3 days.',
      'Your 20 bonus credits stay: they never expire.',
      'The next grant of 100 credits comes Tue 1 Dec',
    ],
  ],
  [
    'limit-warning',
    ['8.1 of 10 credits used today', '1.9 credits left for this server today', 'a warning at 80% of it'],
  ],
  [
    'limit-reached',
    [
      'Server atlas-support-bot',
      '10.4 of 10 credits used today',
      'released at midnight, Mon 23 Nov, in 13 hours 36 minutes.',
      'calls with your own provider keys and calls of free models go on',
    ],
  ],
  [
    'receipt',
    [
      'Bonus credits bought 500 Price €49.00 Bought Sun, 22 Nov 2026 at 10:20 Bonus credits now 505',
      'Purchase reference: INV-2026-11-0042',
      'Bonus credits never expire and are used after the monthly ones.',
    ],
  ],
  [
    'digest',
    [
      '33.6 credits used from Sun 15 Nov to Sat 21 Nov: 6.3 credits more than the week before (27.3).',
      'Thu 19 Nov [##############################] 8.05',
      'Fri 20 Nov [#######-----------------------] 2.1',
      'Sat 21 Nov [------------------------------] 0',
    ],
  ],
];

test('the first cycle of an account has none before it to speak of', async () => {
  const { message } = SAMPLES.find(({ name }) => name === 'monthly-reset')!;
  if (message.kind !== 'monthly-reset') throw new TypeError('another sample');
  const ended = { cycle: 0, start: 0, granted: 0n, uncovered: 0n };
  const { text } = await renderMail({ ...message, ended, expired: 0n, breakdown: undefined });
  expect(text).toContain('It is the first one.');
  expect(text).not.toMatch(/1970|cycle 0|expired/);
});

test.each(SAID)('%s', async (name, sentences) => {
  const text = await textOf(sample(name));
  for (const sentence of sentences) expect(text).toContain(sentence);
});

describe('says nothing that is not known', () => {
  test.each(['low-credits', 'depleted', 'monthly-reset', 'digest'] as const)('%s without a breakdown', async (kind) => {
    const { html, text } = await renderMail(messageOf(kind, { facts: { breakdown: undefined } }));
    expect(text).not.toMatch(/What used|could be saved|Server/);
    expect(seen(html).body).not.toMatch(/What used|could be saved|Server/);
  });

  test('nor of one without a call', async () => {
    const breakdown = { from: 0, to: 1, events: 0, credits: 0n, servers: [], models: [], saving: undefined };
    expect(await textOf(messageOf('digest', { facts: { breakdown } }))).not.toContain('What used');
  });

  test('a receipt without price and reference has no line for them', async () => {
    expect(await textOf(sample('receipt-no-price'))).not.toMatch(/Price|Purchase reference/);
  });

  test('credits that last are not said to end', async () => {
    const forecast = { days: 3, spent: credits(9), runsOutAtMs: undefined, runsOutBeforeReset: false };
    const text = await textOf(messageOf('low-credits', { balances: { forecast } }));
    expect(text).toContain(
      'At the pace of the last 3 days (3 credits a day), credits last until the reset (Tue 1 Dec).',
    );
    expect(text).not.toContain('credits end');
  });

  test('no use at all is no pace', async () => {
    const forecast = { days: 7, spent: 0n, runsOutAtMs: undefined, runsOutBeforeReset: false };
    expect(await textOf(messageOf('digest', { balances: { forecast } }))).toContain(
      'No credits were used in the last 7 days.',
    );
  });
});

describe('where alerts are changed', () => {
  test('no link without a page', async () => {
    expect((await renderMail(sample('low-credits'))).html).not.toContain('<a ');
  });

  test('a link in both forms with one', async () => {
    const { html, text } = await renderMail(sample('low-credits'), { manageUrl: 'https://app.example.com/a?b=1&c=2' });
    expect(html).toContain('href="https://app.example.com/a?b=1&amp;c=2"');
    expect(text).toContain('Manage alerts: https://app.example.com/a?b=1&c=2');
  });

  test.each(['javascript:alert(1)', '/settings', ''])('%p is no page', async (manageUrl) => {
    await expect(renderMail(sample('low-credits'), { manageUrl })).rejects.toMatchObject({
      code: 'manage-url-invalid',
    });
  });

  test('an own alert is not called built in', async () => {
    const crossed: CrossedAlert = {
      alert: { id: 'low', kind: 'percent', percent: 12.5 },
      builtIn: false,
      threshold: credits(12.5),
    };
    const text = await textOf(messageOf('low-credits', { facts: { crossed } }));
    expect(text).toContain('your alert low fires at or below 12.5% of the monthly grant (12.5 credits)');
    expect(text).not.toContain('built-in');
  });
});

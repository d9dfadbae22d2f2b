/** From what the ledger froze to what a mail says, when a mail is tried again, and what could be saved: rules without I/O. */
import { describe, expect, test } from '@jest/globals';
import type { MailKind } from '../../core/mail-kinds.ts';
import type { ClaimedMail } from '../../ledger/mail-outbox.ts';
import { loadPriceBook } from '../../schema/price-book.ts';
import { messageOf } from '../../workers/notify/message.ts';
import { backoffMs, retryWaitMs } from '../../workers/notify/retry.ts';
import { savingOf } from '../../workers/notify/saving.ts';
import { outcomeOf } from '../../workers/notify/send-mail.ts';
import { readSnapshot, type Snapshot } from '../../workers/notify/snapshot.ts';

const DAY_MS = 86_400_000;
const AT = Date.parse('2026-11-10T12:00:00Z');

const NUMBERS: Snapshot = {
  ...{
    at: AT,
    monthly: 10_000_000,
    bonus: 2 ** 53 - 1,
    granted: 100_000_000,
    plan: 200_000_000,
    uncovered: 7,
    cycle: 3,
  },
  ...{ start: AT - 9 * DAY_MS, stop: AT + 21 * DAY_MS, days: 7, spent: 70_000_000 },
};

const mail = (kind: MailKind, some: Partial<ClaimedMail> = {}): ClaimedMail => ({
  ...{ accountId: 'acme', number: '4', intentId: 'acme:mail:4', kind, attempts: 0, decidedAt: AT, snapshot: '' },
  profile: {
    ...{ email: 'owner@example.com', name: 'Ada', locale: 'de-DE', recipients: ['bob@example.com'] },
    ...{ timeZone: 'Europe/Berlin', anchor: '2026-01-31T00:00:00', planId: 'pro' },
  },
  ...some,
});

const ALERT = { id: 'low', kind: 'percent', number: '2000', builtIn: true, threshold: 20_000_000 };

describe('a message', () => {
  test('has the balances of when it was decided, the reader of now, and no address', () => {
    const message = messageOf(mail('restored'), NUMBERS, undefined);
    expect(message).toEqual({
      ...{ kind: 'restored', intentId: 'acme:mail:4', breakdown: undefined },
      reader: { accountId: 'acme', name: 'Ada', locale: 'de-DE', timeZone: 'Europe/Berlin' },
      balances: {
        ...{ at: AT, monthly: 10_000_000n, bonus: 2n ** 53n - 1n, granted: 100_000_000n, nextGrant: 200_000_000n },
        ...{ uncovered: 7n, cycle: 3, cycleStart: NUMBERS.start, cycleEnd: NUMBERS.stop },
        forecast: { days: 7, spent: 70_000_000n, runsOutAtMs: undefined, runsOutBeforeReset: false },
      },
    });
    expect(JSON.stringify(message, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
      '@',
    );
  });

  test('forecasts from days and what they cost; too few days say nothing', () => {
    const { balances } = messageOf(mail('expiring'), { ...NUMBERS, bonus: 0 }, undefined);
    expect(balances.forecast).toMatchObject({ runsOutBeforeReset: true, runsOutAtMs: AT + DAY_MS });
    const few = messageOf(mail('expiring'), { ...NUMBERS, days: 1, spent: -1 }, undefined);
    expect(few.balances.forecast).toEqual({ days: 1, spent: undefined, runsOutBeforeReset: false });
  });

  const cases: readonly [MailKind, Partial<Snapshot>, object][] = [
    [
      'low-credits',
      { alert: ALERT, others: [{ id: 'r', kind: 'runway', number: '250', builtIn: false, threshold: 25_000_000 }] },
      {
        crossed: { alert: { id: 'low', kind: 'percent', percent: 20 }, builtIn: true, threshold: 20_000_000n },
        others: [{ alert: { id: 'r', kind: 'runway', days: 2.5 }, builtIn: false, threshold: 25_000_000n }],
      },
    ],
    [
      'depleted',
      { alert: { id: 'depleted', kind: 'absolute', number: '0', builtIn: true, threshold: 0 }, others: [] },
      { crossed: { alert: { id: 'depleted', kind: 'absolute', credits: 0n }, builtIn: true, threshold: 0n } },
    ],
    [
      'monthly-reset',
      { expired: 5, ended: { cycle: 2, start: 1, granted: 100, uncovered: 3 } },
      { expired: 5n, ended: { cycle: 2, start: 1, granted: 100n, uncovered: 3n } },
    ],
    [
      'limit-warning',
      { serverId: 'web', used: 80, limit: 100, warn: 79.5, until: AT + 1 },
      { serverId: 'web', used: 80n, limit: 100n, warnAtPercent: 79.5, until: AT + 1 },
    ],
    [
      'limit-reached',
      { serverId: 'web', used: 100, limit: 100, warn: -1, until: AT + 1 },
      { used: 100n, warnAtPercent: undefined },
    ],
    [
      'receipt',
      {
        purchase: {
          id: 'buy',
          credits: 9,
          price: { amount: '1.50', currency: 'EUR' },
          reference: null,
          purchasedAt: AT,
        },
      },
      { purchase: { id: 'buy', credits: 9n, price: { amount: '1.50', currency: 'EUR' }, purchasedAt: AT } },
    ],
  ];
  test.each(cases)('%s', (kind, some, expected) => {
    expect(messageOf(mail(kind), { ...NUMBERS, ...some }, undefined)).toMatchObject({ kind, ...expected });
    if (kind !== 'receipt') expect(() => messageOf(mail(kind), NUMBERS, undefined)).toThrow('is not whole');
  });

  test('a digest tells the days that ClickHouse knows', () => {
    const week = { days: [1n, 2n, 3n, 4n, 5n, 6n, 7n], before: 8n };
    const message = messageOf(mail('digest'), { ...NUMBERS, firstDay: 20_000 }, { breakdown: undefined, week });
    expect(message).toMatchObject({ kind: 'digest', firstDay: 20_000, ...week });
  });
});

test('numbers that cannot be read are refused', () => {
  expect(readSnapshot(JSON.stringify(NUMBERS))).toEqual(NUMBERS);
  for (const text of ['', '{', 'null', '[]', '{"at":1}', JSON.stringify({ ...NUMBERS, bonus: 0.5 })]) {
    expect(() => readSnapshot(text)).toThrow(expect.objectContaining({ code: 'mail-unreadable' }));
  }
});

describe('another try', () => {
  test('comes after half a minute at first, an hour at last, with a random half', () => {
    const longest = [0, 1, 2, 6, 7, 50].map((attempts) => backoffMs(attempts, 30_000, 3_600_000, () => 1));
    expect(longest).toEqual([30_000, 60_000, 120_000, 1_920_000, 3_600_000, 3_600_000]);
    expect(backoffMs(0, 30_000, 3_600_000, () => 0)).toBe(15_000);
  });

  test('never comes later than a day after the mail was decided', () => {
    const late = mail('depleted', { attempts: 20 });
    expect(retryWaitMs(late, AT + DAY_MS - 3_600_000, () => 1)).toBe(3_600_000);
    expect(retryWaitMs(late, AT + DAY_MS - 3_599_999, () => 1)).toBeUndefined();
  });

  test.each([
    [
      'a server in trouble costs no attempt',
      { status: 'transient', unusable: true, words: 'w' },
      { outcome: 'release', waitMs: 0 },
    ],
    ['one that asks to wait does', { status: 'transient', unusable: false, words: 'w' }, { outcome: 'retry' }],
    ['refused for good', { status: 'permanent', words: '550 no' }, { outcome: 'failed', words: '550 no' }],
    ['nobody knows, and it is sent again', { status: 'unknown', words: 'w' }, { outcome: 'unknown', words: 'w' }],
    ['sent', { status: 'sent', words: '250 ok' }, { outcome: 'sent', words: '250 ok' }],
  ] as const)('%s', (_, delivery, expected) => {
    expect(outcomeOf(mail('depleted'), AT, delivery, true)).toMatchObject(expected);
  });

  test('nobody knows, and the settings say that it is not sent again', () => {
    const delivery = { status: 'unknown', words: 'w' } as const;
    expect(outcomeOf(mail('depleted'), AT, delivery, false)).toEqual({
      outcome: 'unknown',
      words: 'w',
      waitMs: undefined,
    });
  });
});

describe('a saving', () => {
  const ask = { serverId: 'web', atMs: AT, tokens: { input: 0, output: 2 ** 40, cacheRead: 0, cacheWrite: 0 } };
  test('names the cheapest other model, exact for any number of tokens', async () => {
    const book = await loadPriceBook();
    expect(savingOf(book, { ...ask, model: 'claude-haiku-4.5' })).toMatchObject({
      ...{ from: 'claude-haiku-4.5', to: 'minimax-m2.1', spent: 5_497_558_138_880_000n },
      saved: 5_497_558_138_880_000n - 1_319_413_953_331_200n,
    });
  });

  test('is none for the cheapest, for one that is unknown, and where nothing was used', async () => {
    const book = await loadPriceBook();
    const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
    expect(savingOf(book, { ...ask, model: 'minimax-m2.1' })).toBeUndefined();
    expect(savingOf(book, { ...ask, model: 'never-heard-of' })).toBeUndefined();
    expect(savingOf(book, { ...ask, model: 'kimi-k2.5', tokens: none })).toBeUndefined();
  });
});

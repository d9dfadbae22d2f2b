/** Numbers by locale: exact amounts from nothing to the largest, prices without rounding, locales that are none. */
import { describe, expect, test } from '@jest/globals';
import { MICROS_MAX } from '../../core/money.ts';
import { knownLocale, numbersFor } from '../../emails/parts/numbers.ts';
import { renderMail } from '../../emails/render.ts';
import { credits, messageOf, onOneLine } from './samples.ts';

const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

describe('amounts', () => {
  test.each([
    ['en', 0n, '0'],
    ['en', 1n, '0.000001'],
    ['en', 1_234_500_000n, '1,234.5'],
    ['en', MICROS_MAX, '9,007,199,254.740991'],
    ['de-DE', MICROS_MAX, '9.007.199.254,740991'],
    ['fr-FR', 1_234_500_000n, '1 234,5'],
    ['ja', 1_234_500_000n, '1,234.5'],
  ])('%s: %p is %s', (locale, micros, said) => {
    expect(plain(numbersFor(locale).credits(micros))).toBe(said);
  });

  test('one is a credit, none are credits', () => {
    const { amount } = numbersFor('en');
    expect([amount(1_000_000n), amount(0n), amount(1_500_000n)]).toEqual(['1 credit', '0 credits', '1.5 credits']);
  });

  test('a pace is rounded, but never to nothing', () => {
    const { pace } = numbersFor('en');
    expect([pace(12_345_678n), pace(4_800_000n), pace(123n)]).toEqual(['12.35', '4.8', '0.000123']);
  });

  test('a percent keeps its two decimals', () => {
    expect([20, 12.5, 33.33].map((one) => numbersFor('en').percent(one))).toEqual(['20%', '12.5%', '33.33%']);
  });
});

describe('prices', () => {
  test.each([
    ['en', '49', 'EUR', '€49.00'],
    ['en', '49.999', 'EUR', '€49.999'],
    ['de-DE', '1234.5', 'EUR', '1.234,50 €'],
    ['en', '5000', 'JPY', '¥5,000'],
    ['en', '999999999999.99', 'USD', '$999,999,999,999.99'],
    ['en', '1', 'nonsense', '1 nonsense'],
  ])('%s: %s %s is %s', (locale, amount, currency, said) => {
    expect(plain(numbersFor(locale).price({ amount, currency }))).toBe(said);
  });
});

describe('locales', () => {
  test.each([undefined, '', 'not a locale', 'xx-XX', 'de_DE', '../../etc'])('%p is written as en', (locale) => {
    expect(knownLocale(locale)).toBe('en');
  });

  test.each([
    ['de-DE', '1.234,5 credits are left', 'Di., 1. Dez., in 9 days'],
    ['fr-FR', '1 234,5 credits are left', 'mar. 1 déc., in 9 days'],
    ['ja', '1,234.5 credits are left', '12月1日(火), in 9 days'],
    ['not a locale', '1,234.5 credits are left', 'Tue 1 Dec, in 9 days'],
  ])('a mail in %s', async (locale, amount, date) => {
    const balances = { monthly: credits(1_000), bonus: credits(234.5), granted: credits(10_000) };
    const text = onOneLine((await renderMail(messageOf('low-credits', { reader: { locale }, balances }))).text);
    expect(text).toContain(amount);
    expect(text).toContain(date);
    expect(text).not.toContain('..');
  });
});

describe('the bar', () => {
  test.each([
    [0n, 100n, '[----------------------------------------]'],
    [1n, 10_000n, '[#---------------------------------------]'],
    [50n, 100n, '[####################--------------------]'],
    [9_999n, 10_000n, '[#######################################-]'],
    [100n, 100n, '[########################################]'],
    [MICROS_MAX, MICROS_MAX, '[########################################]'],
  ])('%p of %p', async (monthly, granted, bar) => {
    const { text, html } = await renderMail(messageOf('expiring', { balances: { monthly, granted } }));
    expect(text).toContain(bar);
    const widths = [...html.matchAll(/<td width="(\d+)%" class="(?:fill-warn|track)"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths.reduce((sum, width) => sum + width, 0)).toBe(100);
  });

  test('no grant, no bar', async () => {
    expect((await renderMail(messageOf('expiring', { balances: { granted: 0n } }))).text).not.toContain('[#');
  });
});

/** What is kept of a server's words: one line, bounded, nobody's address. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { plainWords, WORDS_CHARS_MAX } from '../../emails/mailer/words.ts';

const ADDRESSES = ["o'neil+tag@mail.example.com"];

describe('plainWords', () => {
  test.each([
    ['550 5.1.1 <ada@example.com>: unknown', '550 5.1.1 <address>: unknown'],
    ['550 ada@example.com, bob@example.org; gone', '550 <address>, <address>; gone'],
    ['550 https://help.example/?to=ada%40example.com', '550 https:<address>'],
    ['550 "ada b"@example.com unknown', '550 <address> unknown'],
    ["550 o'neil+tag@mail.example.com unknown", '550 <address> unknown'],
    ["550 5.1.1 o'neil+tag: unknown in mail.example.com", '550 5.1.1 <address>: unknown in mail.example.com'],
    ["550 O'NEIL+TAG... user unknown", '550 <address>... user unknown'],
    ['250-first\r\n250 second', '250-first second'],
    ['550 a\u0000b\u001b[2J\u202ec\u2028d', '550 a b [2J c d'],
    ['550 \ud800', '550 \ufffd'],
    ['  250  ok  ', '250 ok'],
  ])('%j → %j', (text, words) => expect(plainWords(text, { addresses: ADDRESSES })).toBe(words));

  test('a local part that is a number does not change the code', () => {
    expect(plainWords('550 5.1.1 no 550 here', { addresses: ['550@example.com'] })).toBe('550 5.1.1 no <address> here');
  });

  test('whatever it is: one line, bounded, without an address', () => {
    const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(' ada.l@example.com '), fc.constant('\r\n250-'));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const words = plainWords(pieces.join(''), { addresses: ['ada.l@example.com'] });
        expect(words.length).toBeLessThanOrEqual(WORDS_CHARS_MAX);
        expect(words).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e]/u);
        expect(words).not.toContain('ada.l@example.com');
      }),
    );
  });

  test('a reply of a megabyte is cut before it is looked at', () => {
    expect(plainWords('a'.repeat(1_000_000))).toHaveLength(WORDS_CHARS_MAX);
    expect(plainWords(`550 ${'ada@example.com '.repeat(100_000)}`)).not.toMatch(/@|ada/);
  });
});

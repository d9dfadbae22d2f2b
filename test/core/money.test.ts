/** Credits as text and as µcr: exact both ways, and refused outside the range. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PermanentError } from '../../core/errors.ts';
import { formatCredits, MICROS_MAX, micros, parseCredits } from '../../core/money.ts';

describe('credits as text', () => {
  test.each([
    ['0', 0n, '0'],
    ['12.5', 12_500_000n, '12.5'],
    ['0.000001', 1n, '0.000001'],
    ['1.100000', 1_100_000n, '1.1'],
    ['007', 7_000_000n, '7'],
    ['9007199254.740991', MICROS_MAX, '9007199254.740991'],
  ])('%s is %d µcr and prints as %s', (text, amount, printed) => {
    expect(parseCredits(text)).toBe(amount);
    expect(formatCredits(amount)).toBe(printed);
  });

  test.each([
    '',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '1.',
    '.5',
    '1.0000001',
    '1e3',
    '1,5',
    'NaN',
    '0x10',
    '１',
    '1\n',
    '1'.repeat(31),
  ])('refuses %j', (text) => {
    expect(() => parseCredits(text)).toThrow(expect.objectContaining({ code: 'credits-malformed' }));
  });

  test.each(['9007199254.740992', '9999999999999999999999'])('refuses %s as out of range', (text) => {
    expect(() => parseCredits(text)).toThrow(expect.objectContaining({ code: 'amount-out-of-range' }));
  });

  test('a difference may be negative', () => {
    expect(formatCredits(-1n)).toBe('-0.000001');
    expect(formatCredits(-2_500_000n)).toBe('-2.5');
  });

  test('every amount survives the way out and back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MICROS_MAX }), (amount) => {
        const text = formatCredits(amount);
        expect(parseCredits(text)).toBe(amount);
        expect(text).toMatch(/^\d+(\.\d{0,5}[1-9])?$/);
      }),
    );
  });
});

describe('µcr', () => {
  test.each([0, 1n, Number.MAX_SAFE_INTEGER, MICROS_MAX])('%d is held', (value) => {
    expect(micros(value)).toBe(BigInt(value));
  });

  test.each([-1, -1n, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2n ** 53n])('%d is refused', (value) => {
    expect(() => micros(value)).toThrow(PermanentError);
    expect(() => micros(value)).toThrow(expect.objectContaining({ code: 'amount-out-of-range' }));
  });
});

/** Nonsense, and what every refusal of it must be: one plain line, bounded, that shows no more than a piece of it. */
import { expect } from '@jest/globals';

const LONG = 'x'.repeat(100_000);
/** Of a value's text at most this much may be shown. */
const SHOWN_CHARS_MAX = 40;
/** A sentence with a path, a piece of the value and what is accepted. */
const REFUSAL_CHARS_MAX = 700;

/** No field of any payload takes one of these. */
export const NEVER_VALID: readonly (readonly [what: string, value: unknown])[] = [
  ['a text with NUL', 'a\u0000b'],
  ['a text of two lines', 'a\nb'],
  ['a text that clears the screen', '\u001b[2J'],
  ['a C1 control character', 'a\u009bb'],
  ['half a character', '\ud800'],
  ['a very long text', LONG],
  ['a negative number', -1],
  ['a fraction below zero', -0.5],
  ['a number without end', Number.POSITIVE_INFINITY],
  ['no number', Number.NaN],
  ['more than a double counts', 2 ** 53],
  ['a huge number', 1e308],
  ['a list in a list', [[[]]]],
  ['a list of nothing known', [null, LONG]],
  ['an object', { a: { b: [1] } }],
  ['an object with a prototype of its own', JSON.parse('{"__proto__":{"a":1}}')],
  ['an object with a name of control characters', { 'a\nb': 1 }],
];

/** Some field takes each of these; all others refuse them. */
export const SOMEWHERE_VALID: readonly (readonly [what: string, value: unknown])[] = [
  ['null', null],
  ['true', true],
  ['an empty text', ''],
  ['a blank', ' '],
  ['zero', 0],
  ['a fraction', 0.001],
  ['NaN as text', 'NaN'],
  ['a number as text', '12'],
  ['a negative number as text', '-1'],
  ['an exponent', '1e5'],
  ['more than an amount holds', '99999999999999999999'],
  ['too many decimals', '0.0000001'],
  ['other digits', '１２'],
  ['the name of a prototype', '__proto__'],
  ['markup', '<script>alert(1)</script>'],
  ['an empty list', []],
  ['an empty object', {}],
  ['a date that does not exist', '2026-02-30T00:00:00Z'],
];

export const NONSENSE = [...NEVER_VALID, ...SOMEWHERE_VALID];

/** The refusal is a line that a person can act on. `names`: what it must name. */
export function expectActionable(line: string, names: string): void {
  expect(line).toContain(names);
  expect(line.length).toBeLessThanOrEqual(REFUSAL_CHARS_MAX);
  expect(line).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u);
  expect(line).not.toContain('x'.repeat(SHOWN_CHARS_MAX + 1));
  expect(line).not.toMatch(/\[object |undefined|zod|ZodError/);
  expect(line).toMatch(/(must be|accepted (?:is|are)|is not a known field|is refused|unknown|nested deeper)/);
}

/** Somebody else's text, shown so that it can do nothing. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quoted, quotedCut } from '../../core/quoted.ts';

test.each([
  ['plain', '"plain"'],
  ['a\nb\u001b[2J', '"a\\nb\\u001b[2J"'],
  ['\u009b\u2028\u202e', '"\\u009b\\u2028\\u202e"'],
  ['\ud800', '"\\ud800"'],
  ['x'.repeat(41), `"${'x'.repeat(40)}…"`],
])('%j is shown as %s', (text, shown) => expect(quotedCut(text)).toBe(shown));

test('whatever it is, it is one line, acts on nothing, and can be read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(quoted(text)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(JSON.parse(quoted(text))).toBe(text);
    }),
  );
});

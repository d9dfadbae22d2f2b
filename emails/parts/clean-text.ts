/**
 * Text of somebody else's (a name, a reference, an id) made harmless for a line of a mail: no line breaks, no control
 * characters, none of the invisible ones that turn the reading direction or hide letters. React escapes the rest.
 */

/** A name in a greeting, an id in a subject: more would push the words around it out of sight. */
export const SHORT_CHARS_MAX = 40;

/** The joiners U+200C and U+200D are part of Persian words and of emoji. */
const INVISIBLE = /(?![\u200c\u200d])\p{Cf}/gu;
const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;

/** On one line, as long as it is. */
export const cleanText = (text: string): string =>
  text.toWellFormed().replace(INVISIBLE, '').replace(BREAKS, ' ').trim();

/** On one line, cut to a length that leaves room for other words. */
export const shortText = (text: string, charsMax = SHORT_CHARS_MAX): string => {
  const chars = Array.from(cleanText(text));
  return chars.length <= charsMax ? chars.join('') : `${chars.slice(0, charsMax - 1).join('')}…`;
};

/**
 * Somebody else's text inside a sentence of ours: in quotes, cut, and unable to act on a terminal or to end the line.
 * Invariant: what comes out has no control character, no half surrogate and no line break of any kind.
 */

/** Characters of a refused value that are shown: enough to recognize it by, too few to leak a document. */
export const SHOWN_CHARS_MAX = 40;

/** As JSON, so that control characters and half surrogates show instead of acting; the rest of what acts is shown too. */
export const quoted = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });

/** The same of its first `SHOWN_CHARS_MAX` characters, `…` before the closing quote where there are more. */
export const quotedCut = (text: string): string =>
  quoted(text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text);

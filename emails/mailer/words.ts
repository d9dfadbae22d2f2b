/**
 * What a mail server said, fit for a history that others read: one line, bounded, without addresses and secrets.
 * Servers repeat what they were sent: the recipient they do not know, sometimes the command with the login in it.
 */

/** Room for a code, a sentence and a link to a help page; more is never read. */
export const WORDS_CHARS_MAX = 300;
/** Of a reply this much is looked at: a reply may be as long as a megabyte. */
const READ_CHARS_MAX = 2_000;

const ADDRESS = /<?(?:"[^"]{0,64}"|[^\s<>"(),;:[\]]+)(?:@|%40)[^\s<>"'(),;:]+>?/gi;
/** Control characters, line and paragraph separators, and what turns the direction of text around. */
const ACTING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

export interface Hidden {
  /** Whose local parts are hidden even where they stand alone, as in `ada: user unknown`. */
  readonly addresses?: readonly string[];
  readonly secrets?: readonly string[];
}

/** Somebody else's words as one line of at most WORDS_CHARS_MAX characters, with `<address>` and `<secret>` in them. */
export function plainWords(text: string, { addresses = [], secrets = [] }: Hidden = {}): string {
  let line = text.slice(0, READ_CHARS_MAX).toWellFormed();
  for (const secret of secrets) if (secret !== '') line = line.replaceAll(secret, '<secret>');
  // The lines of one reply each repeat its code.
  line = line
    .replace(/\r?\n\d{3}[ -]/g, ' ')
    .replace(ACTING, ' ')
    .replace(ADDRESS, '<address>');
  const [code = ''] = /^\d{3}[ -]?(?:\d\.\d{1,3}\.\d{1,3}\b)?/.exec(line) ?? [];
  let words = line.slice(code.length);
  for (const address of addresses) words = words.replace(localPart(address), '<address>');
  line = (code + words).replace(/ {2,}/g, ' ').trim();
  return line.length <= WORDS_CHARS_MAX ? line : `${line.slice(0, WORDS_CHARS_MAX - 1).toWellFormed()}…`;
}

/** The part before the @ where it stands as a word of its own. */
function localPart(address: string): RegExp {
  const literal = address.slice(0, address.indexOf('@')).replace(/[^A-Za-z0-9_]/g, '\\$&');
  return new RegExp(`(?<![\\w.+-])${literal}(?![\\w+-]|\\.\\w)`, 'gi');
}

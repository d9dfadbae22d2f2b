/**
 * Which texts an edge takes: ids, free text, e-mail addresses. Pure checks, shared by the schemas and by the fast path
 * of events; what is said about a text that fails is the schemas' work.
 * Invariant: no text that passes has control characters or half a surrogate pair, so rows, mails and the tab-separated
 * lines of the outbox never need an escape, and UTF-8 gives the same text back.
 */
import { EMAIL_CHARS_MAX, ID_CHARS_MAX } from '../core/limits.ts';

export const ID_PATTERN = `^[A-Za-z0-9._:@/+-]{1,${ID_CHARS_MAX}}$`;

/** 1 for each ASCII character that an id may have. A table is five times as fast as the expression. */
const ID_CHARS = new Uint8Array(128);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@/+-')
  ID_CHARS[char.charCodeAt(0)] = 1;

/** `accountId`, `serverId`, `model` and every `id`. */
export const isId = (text: string): boolean => {
  const chars = text.length;
  if (chars === 0 || chars > ID_CHARS_MAX) return false;
  for (let i = 0; i < chars; i += 1) if (ID_CHARS[text.charCodeAt(i)] !== 1) return false;
  return true;
};

/** Free text of at most `charsMax` UTF-16 units, without control characters and whole in UTF-16. May be empty. */
export const isFreeText = (text: string, charsMax: number): boolean => {
  const chars = text.length;
  if (chars > charsMax) return false;
  let ascii = true;
  for (let i = 0; i < chars; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return false;
    if (code > 0x7f) ascii = false;
  }
  return ascii || text.isWellFormed();
};

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
export const EMAIL_PATTERN = `^${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+${LABEL}$`;
const EMAIL = new RegExp(EMAIL_PATTERN);
/** RFC 5321: the part before the @. */
const LOCAL_PART_CHARS_MAX = 64;

/**
 * An address that can stand in a mail header as it is: a dot-atom and a domain of two labels or more, in ASCII. Quoted
 * local parts, comments, lists and line breaks are refused, not escaped.
 */
export const isEmail = (text: string): boolean =>
  text.length <= EMAIL_CHARS_MAX && text.indexOf('@') <= LOCAL_PART_CHARS_MAX && EMAIL.test(text);

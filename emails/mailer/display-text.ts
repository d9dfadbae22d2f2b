/**
 * Texts of people's own choosing, as they may stand in a header. nodemailer quotes and encodes; this takes away what
 * would still act on the reader: control characters, turned directions, and what looks like an encoded word, which some
 * mailboxes decode even where it is quoted.
 */
import { NAME_CHARS_MAX } from '../../core/limits.ts';

const ACTING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu;

/** One line without what acts; words that a line break parted stay parted. */
export const displayText = (text: string): string =>
  text.toWellFormed().replace(ACTING, ' ').replaceAll('=?', '= ?').replace(/ {2,}/g, ' ').trim();

/** A name to show beside an address; '' when nothing of it can be shown. */
export const displayName = (name: string | undefined): string =>
  displayText((name ?? '').slice(0, NAME_CHARS_MAX)).toWellFormed();

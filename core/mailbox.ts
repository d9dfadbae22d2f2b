/**
 * A mailbox as people write it: an address, or a name and an address. For senders, which settings name; an account's
 * addresses are stricter (schema/text.ts), for nobody's account is at `localhost`.
 */
import { EMAIL_CHARS_MAX, NAME_CHARS_MAX } from './limits.ts';

export interface Mailbox {
  readonly name?: string;
  readonly address: string;
}

/** A dot-atom and a domain of one label or more, in ASCII. */
const ADDRESS =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const NAMED = /^(?:"([^"\\<>]*)"|([^"<>]*)) ?<([^<>]*)>$/;

/** `Flowly <billing@example.com>`, `"Flowly, Inc." <…>` or the address alone; undefined when it is none of these. */
export function parseMailbox(text: string): Mailbox | undefined {
  if (text.length > NAME_CHARS_MAX + EMAIL_CHARS_MAX || /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) return undefined;
  const [, quoted, bare, inBrackets] = NAMED.exec(text) ?? [];
  const name = (quoted ?? bare ?? '').trim();
  const address = inBrackets ?? text;
  if (address.length > EMAIL_CHARS_MAX || name.length > NAME_CHARS_MAX || !ADDRESS.test(address)) return undefined;
  return name === '' ? { address } : { name, address };
}

export const domainOf = ({ address }: Mailbox): string => address.slice(address.lastIndexOf('@') + 1);

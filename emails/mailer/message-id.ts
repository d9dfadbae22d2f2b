/**
 * The Message-ID of a mail: a fact of its intent, so that a mail that is sent again has the same one and mail servers
 * and mailboxes can tell that it is the same mail.
 */
import { hash } from 'node:crypto';

/** 16 bytes in hex: of 10^13 mails, two share one with a chance of 1 in 10^13. */
const HASH_CHARS = 32;

/** Intent ids are unique in one ledger only, and two ledgers may send from one domain. Parts are length-prefixed. */
export const intentHash = (ledgerId: string, intentId: string): string =>
  hash('sha256', `mail${ledgerId.length}:${ledgerId}${intentId.length}:${intentId}`).slice(0, HASH_CHARS);

export const messageId = (ledgerId: string, intentId: string, domain: string): string =>
  `<${intentHash(ledgerId, intentId)}@${domain}>`;

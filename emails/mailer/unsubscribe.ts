/**
 * The link by which a mailbox stops an account's mails with one click (RFC 8058), and the token that shows the platform
 * that the link is ours. Who follows the link talks to the platform; nothing here listens.
 */
import { createHmac } from 'node:crypto';

export interface Unsubscribe {
  /** An https URL with `{account}` and `{token}` in it. */
  readonly urlTemplate: string;
  readonly secret: string;
}

/**
 * The token of an account: HMAC-SHA256 of its id, keyed with the secret, in base64url (43 characters).
 * The platform checks a link by making the token again and comparing in constant time, so that the time of a refusal
 * says nothing of the right one:
 *
 *     const expected = Buffer.from(unsubscribeToken(account, secret));
 *     const given = Buffer.from(token);
 *     const ours = given.length === expected.length && timingSafeEqual(given, expected); // of node:crypto
 */
export const unsubscribeToken = (accountId: string, secret: string): string =>
  createHmac('sha256', secret).update(accountId, 'utf8').digest('base64url');

export const unsubscribeUrl = ({ urlTemplate, secret }: Unsubscribe, accountId: string): string =>
  urlTemplate
    .replaceAll('{account}', encodeURIComponent(accountId))
    .replaceAll('{token}', unsubscribeToken(accountId, secret));

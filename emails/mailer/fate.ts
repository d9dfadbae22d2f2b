/**
 * What an error of nodemailer means for the mail. A reply to MAIL, RCPT or DATA is the server's word on this mail; all
 * else (no connection, no encryption, a refused login, a cut) is trouble with the server. Invariant: once the whole mail
 * was handed to the connection, only a reply says what became of it.
 */
import type { NodemailerError } from 'nodemailer';
import type { Delivery } from '../mailer.ts';

/** Commands whose reply speaks of the mail, by the names that nodemailer has for them. */
const OF_THE_MAIL: ReadonlySet<unknown> = new Set(['MAIL FROM', 'RCPT TO', 'DATA']);
/** "Log in first", in its kinds: every mail meets it, until the settings are right. */
const LOGIN_CODES: ReadonlySet<number> = new Set([530, 534, 535, 538]);
/** "Service not available, closing": said of the server, whatever it answers. */
const CLOSING_CODE = 421;
/** "Bad sequence of commands": said of the session, not of the mail. */
const SESSION_CODE = 503;

/** `handedOver`: the connection had the whole mail, so the server may have. */
export function fateOf(error: NodemailerError, handedOver: boolean, plain: (text: string) => string): Delivery {
  const { responseCode: code = 0, response, command } = error;
  if (code >= 400 && code < 600 && OF_THE_MAIL.has(command)) {
    const words = plain(response ?? error.message);
    if (LOGIN_CODES.has(code) || code === CLOSING_CODE) return { status: 'transient', words, unusable: true };
    return code >= 500 && code !== SESSION_CODE
      ? { status: 'permanent', words }
      : { status: 'transient', words, unusable: false };
  }
  const trouble = troubleOf(error);
  if (handedOver) {
    return { status: 'unknown', words: plain(`no answer came after the whole mail was sent: ${trouble}`) };
  }
  return { status: 'transient', words: plain(trouble), unusable: error.code !== 'EABORT' };
}

/** What is wrong with the server, in its own words where it has said something. */
export function troubleOf({ code, originalCode, response, message }: NodemailerError): string {
  if (code === 'EABORT') return 'the delivery was stopped';
  // A host with several addresses that all refuse has a code and no message.
  if (response === undefined) return message || (originalCode ?? code ?? 'no answer');
  if (code === 'EAUTH') return `the login was refused: ${response}`;
  return code === 'ETLS' ? `the connection could not be encrypted: ${response}` : response;
}

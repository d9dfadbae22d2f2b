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
/** "Bad sequence of commands": said of the session, not of the mail. */
const SESSION_CODE = 503;

/** `handedOver`: the connection had the whole mail, so the server may have. */
export function fateOf(error: NodemailerError, handedOver: boolean, plain: (text: string) => string): Delivery {
  const { responseCode: code = 0, response, command } = error;
  if (code >= 400 && code < 600 && OF_THE_MAIL.has(command)) {
    const words = plain(response ?? error.message);
    if (LOGIN_CODES.has(code)) return { status: 'transient', words, unusable: true };
    return code >= 500 && code !== SESSION_CODE
      ? { status: 'permanent', words }
      : { status: 'transient', words, unusable: false };
  }
  if (error.code === 'EMESSAGE' && command === 'MAIL FROM') {
    return { status: 'permanent', words: 'the mail is larger than the server takes' };
  }
  // nodemailer puts the server's reply at the end of its own message.
  const trouble = plain(error.code === 'EABORT' ? 'the delivery was stopped' : error.message);
  if (handedOver) {
    return { status: 'unknown', words: plain(`no answer came after the whole mail was sent: ${trouble}`) };
  }
  return { status: 'transient', words: trouble, unusable: error.code !== 'EABORT' };
}

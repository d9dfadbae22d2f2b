/**
 * What an error of nodemailer means for the mail. A reply to MAIL, RCPT or DATA is the server's word on this mail; all
 * else (no connection, no encryption, a refused login, a cut) is trouble with the server. Invariants: once the whole mail
 * was handed to the connection, only a reply says what became of it; and trouble that one mail alone may cause is never
 * said to concern every mail, for those are made to wait for it.
 */
import type { NodemailerError } from 'nodemailer';
import type { Delivery } from '../mailer.ts';

/** Commands whose reply speaks of the mail, by the names that nodemailer has for them. */
const OF_THE_MAIL: ReadonlySet<unknown> = new Set(['MAIL FROM', 'RCPT TO', 'DATA']);
/** "Log in first", in its kinds: said to MAIL, every mail meets it. */
const LOGIN_CODES: ReadonlySet<number> = new Set([530, 534, 535, 538]);
/** "Bad sequence of commands": said of the session, not of the mail. */
const SESSION_CODE = 503;

/** How far a mail came. */
export interface Transit {
  /** A connection was open and logged in, and the mail's turn on it had come. */
  begun: boolean;
  /** The connection had the whole mail, so the server may have it. */
  handedOver: boolean;
}

export function fateOf(
  error: NodemailerError,
  { begun, handedOver }: Transit,
  plain: (text: string) => string,
): Delivery {
  const { responseCode: code = 0, response, command } = error;
  if (code >= 400 && code < 600 && OF_THE_MAIL.has(command)) {
    const words = plain(response ?? error.message);
    const isLogin = LOGIN_CODES.has(code);
    return code >= 500 && code !== SESSION_CODE && !isLogin
      ? { status: 'permanent', words }
      : { status: 'transient', words, unusable: isLogin && command === 'MAIL FROM' };
  }
  const trouble = troubleOf(error);
  if (handedOver) {
    return { status: 'unknown', words: plain(`no answer came after the whole mail was sent: ${trouble}`) };
  }
  // A connection that broke under a mail may have broken because of it.
  return { status: 'transient', words: plain(trouble), unusable: !begun && error.code !== 'EABORT' };
}

/** What is wrong with the server, in its own words where it has said something. */
export function troubleOf({ code, originalCode, response, message }: NodemailerError): string {
  if (code === 'EABORT') return 'the delivery was stopped';
  // A host with several addresses that all refuse has a code and no message.
  if (response === undefined) return message || (originalCode ?? code ?? 'no answer');
  if (code === 'EAUTH') return `the login was refused: ${response}`;
  return code === 'ETLS' ? `the connection could not be encrypted: ${response}` : response;
}

/**
 * Delivery of one rendered mail: what a mailer is handed, and what it says of the mail's fate. Over SMTP or into files.
 * Owns nothing of what a mail says, when it is sent or whether it is tried again. Invariant: the fate of a mail is never
 * thrown, and no address and no secret is in the words that tell it.
 */
import type { RenderedMail } from './message.ts';

export { createFileMailer, type FileMailerOptions } from './mailer/files.ts';
export type { DkimKey, Letterhead } from './mailer/letterhead.ts';
export { createMailer, type SmtpMailerOptions } from './mailer/smtp.ts';
export { unsubscribeToken } from './mailer/unsubscribe.ts';

export interface Recipient {
  readonly name?: string | undefined;
  readonly address: string;
}

export interface OutgoingMail {
  readonly intentId: string;
  readonly accountId: string;
  /** 1 to 6: the owner first, then the recipients. */
  readonly to: readonly Recipient[];
  readonly rendered: RenderedMail;
  /** When it was decided, ms. */
  readonly at: number;
}

/**
 * What became of a mail. `words` are the server's, one line of at most 300 characters.
 * `transient`: not taken, may be when it is tried again; `unusable` when every other mail would meet the same (no
 * connection, no encryption, login refused), so that the mail is not to blame.
 * `permanent`: refused for good. `unknown`: the server had the whole mail and its answer never came, so it may have
 * been taken.
 */
export type Delivery =
  | { readonly status: 'sent' | 'permanent' | 'unknown'; readonly words: string }
  | { readonly status: 'transient'; readonly words: string; readonly unusable: boolean };

export interface Mailer {
  /**
   * Delivers one mail. The signal must have an end: a server that answers a byte a minute is waited for until then.
   * An abort ends the delivery as `transient`, or as `unknown` when the server already had the whole mail.
   */
  deliver(mail: OutgoingMail, signal: AbortSignal): Promise<Delivery>;
  /** Whether mails would be taken. Throws a TransientError that says why not. */
  verify(): Promise<void>;
  /** Takes no more mails, and resolves when those in delivery have their fate. */
  close(): Promise<void>;
}

/**
 * A mail as it leaves: addresses, headers and both bodies, in the terms of nodemailer, which does quoting, encoding and
 * MIME. The same for a server and for a file. Invariant: an address that is not one plain address is refused here,
 * before anything is sent, in words that do not repeat it.
 */
import type { SendMailOptions } from 'nodemailer';
import { RECIPIENTS_MAX } from '../../core/limits.ts';
import { domainOf, type Mailbox } from '../../core/mailbox.ts';
import { isEmail } from '../../schema/text.ts';
import type { OutgoingMail, Recipient } from '../mailer.ts';
import { displayName, displayText } from './display-text.ts';
import { messageId } from './message-id.ts';
import { type Unsubscribe, unsubscribeUrl } from './unsubscribe.ts';

export interface DkimKey {
  readonly domain: string;
  readonly selector: string;
  /** PEM of an RSA key: nodemailer sends without a signature when it cannot sign with it. */
  readonly privateKey: string;
}

/** What every mail of this installation has in common. */
export interface Letterhead {
  readonly ledgerId: string;
  readonly from: Mailbox;
  readonly replyTo?: Mailbox | undefined;
  readonly dkim?: DkimKey | undefined;
  readonly unsubscribe?: Unsubscribe | undefined;
}

/** Why a mail cannot be sent to anybody, ever. */
export interface Refusal {
  readonly refused: string;
}

/** The owner's and RECIPIENTS_MAX more. */
const ADDRESSES_MAX = RECIPIENTS_MAX + 1;

/** The mail for nodemailer, or why it never can be one. */
export function compose(letterhead: Letterhead, mail: OutgoingMail): SendMailOptions | Refusal {
  const { from, replyTo, ledgerId, dkim, unsubscribe } = letterhead;
  const { to, rendered, intentId, accountId } = mail;
  if (to.length === 0 || to.length > ADDRESSES_MAX) {
    return { refused: `to has ${to.length} addresses, but must have 1 to ${ADDRESSES_MAX}: the mail was not sent` };
  }
  const wrong = to.findIndex(({ address }) => !isEmail(address));
  if (wrong !== -1) {
    return { refused: `to[${wrong}].address must be one plain e-mail address in ASCII: the mail was not sent` };
  }
  return {
    from: shown(from),
    ...(replyTo === undefined ? {} : { replyTo: shown(replyTo) }),
    to: distinct(to).map(shown),
    subject: displayText(rendered.subject),
    text: rendered.text,
    html: rendered.html,
    messageId: messageId(ledgerId, intentId, domainOf(from)),
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      ...(unsubscribe === undefined ? {} : { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
    },
    ...(unsubscribe === undefined ? {} : { list: { unsubscribe: unsubscribeUrl(unsubscribe, accountId) } }),
    ...(dkim === undefined
      ? {}
      : { dkim: { domainName: dkim.domain, keySelector: dkim.selector, privateKey: dkim.privateKey } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** The first of each address: an owner may be among the recipients too. */
export const distinct = (boxes: readonly Recipient[]): readonly Recipient[] =>
  boxes.filter(({ address }, index) => boxes.findIndex((one) => one.address === address) === index);

const shown = ({ name, address }: Recipient) => ({ name: displayName(name), address });

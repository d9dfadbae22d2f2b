/**
 * The settings of mails, and which of them need one another. `MAIL=off` stops every mail; the rest says from whom they
 * come, how fast, how they are protected and signed, and what readers may do about them.
 */
import { z } from 'zod';
import { MAIL_KINDS, type MailKind } from '../core/mail-kinds.ts';
import { type Mailbox, parseMailbox } from '../core/mailbox.ts';
import { integer, path, url } from './setting.ts';

/** Sender of mails that only become files: nobody can answer it. */
const FROM_DEFAULT = 'Flowly <no-reply@localhost>';
/** With an account's id (128 characters, each three when it is encoded) and a token it stays below a line of a mail. */
const URL_CHARS_MAX = 500;
const MAILS_PER_SECOND_MAX = 1_000;
const SECRET = /^[!-~]{16,256}$/;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const SELECTOR = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const DOMAIN = new RegExp(`^(?:${LABEL}\\.)+${LABEL}$`);

const mailbox = () =>
  z.string().transform((text, context): Mailbox => {
    const parsed = parseMailbox(text);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: 'no mailbox' });
    return z.NEVER;
  });
const ACCEPTED_MAILBOX = 'an address such as billing@example.com, or Flowly <billing@example.com>';

const isKind = (text: string): text is MailKind => (MAIL_KINDS as readonly string[]).includes(text);
const kinds = () =>
  z.string().transform((text, context): readonly MailKind[] => {
    const names = text.split(',').map((name) => name.trim());
    if (names.every(isKind) && new Set(names).size === names.length) return names;
    context.addIssue({ code: 'custom', message: 'no kinds' });
    return z.NEVER;
  });

/** Shown in mails, so it must be no one's secret. */
const isPublic = ({ username, password }: URL, text: string): boolean =>
  username === '' && password === '' && text.length <= URL_CHARS_MAX && /^[!-~]+$/.test(text) && !/[<>"]/.test(text);

export const mailSettings = {
  MAIL: z.enum(['on', 'off']).default('on').meta({
    description: 'With off no mail is sent, to a server or into a file.',
    accepted: 'on or off',
    unset: 'on',
  }),
  MAIL_FROM: mailbox()
    .optional()
    .meta({
      description: 'Sender of every mail; required with SMTP_URL.',
      accepted: ACCEPTED_MAILBOX,
      unset: `\`${FROM_DEFAULT}\`, for mails written as files`,
    }),
  MAIL_REPLY_TO: mailbox().optional().meta({
    description: 'Where answers to a mail go.',
    accepted: ACCEPTED_MAILBOX,
    unset: 'to the sender',
  }),
  MAIL_KINDS: kinds()
    .optional()
    .meta({
      description: 'The kinds of mail that are sent.',
      accepted: `some of ${MAIL_KINDS.join(', ')}, each once, separated by commas`,
      unset: 'all',
    }),
  MAIL_UNKNOWN: z.enum(['resend', 'keep']).default('resend').meta({
    description:
      'A mail that the server may have taken, for its answer never came: resend may bring it twice, keep not at all.',
    accepted: 'resend or keep',
    unset: 'resend',
  }),
  MAIL_PER_SECOND: integer(1, MAILS_PER_SECOND_MAX, 50, {
    description: 'Mails that one process hands to the mail server a second, at most.',
  }),
  MAIL_REQUIRE_TLS: z.enum(['0', '1']).default('0').meta({
    description: 'With 1, nothing goes in clear to a server of smtp:// that does not offer encryption (STARTTLS).',
    accepted: '0 or 1',
    unset: '0',
  }),
  MAIL_DKIM_KEY_FILE: path().optional().meta({
    description: 'RSA key that mails are signed with (DKIM), as PEM; with MAIL_DKIM_DOMAIN and MAIL_DKIM_SELECTOR.',
    accepted: 'the path of a file',
    unset: 'mails are not signed',
  }),
  MAIL_DKIM_DOMAIN: z.string().max(253).regex(DOMAIN).optional().meta({
    description: 'Domain that signs: that of MAIL_FROM, or one above it.',
    accepted: 'a domain such as example.com',
    unset: 'mails are not signed',
  }),
  MAIL_DKIM_SELECTOR: z.string().max(253).regex(SELECTOR).optional().meta({
    description: 'Name under which the domain publishes the key: SELECTOR._domainkey.DOMAIN.',
    accepted: 'a DNS name such as flowly',
    unset: 'mails are not signed',
  }),
  MAIL_UNSUBSCRIBE_URL: url(
    ['https:'],
    {
      description: 'Where mailboxes unsubscribe an account with one click (RFC 8058); with MAIL_UNSUBSCRIBE_SECRET.',
      accepted: `an https URL of at most ${URL_CHARS_MAX} characters with {account} and {token} in it`,
      unset: 'mails have no such link',
    },
    (given, text) => isPublic(given, text) && text.includes('{account}') && text.includes('{token}'),
  ),
  MAIL_UNSUBSCRIBE_SECRET: z.string().regex(SECRET).optional().meta({
    description: 'Makes the {token}: HMAC-SHA256 of the account id with this as the key, in base64url.',
    accepted: 'a text of 16 to 256 printable ASCII characters without blanks',
    unset: 'mails have no such link',
    secret: true,
  }),
  MAIL_MANAGE_URL: url(
    ['https:'],
    {
      description: 'Shown in every mail: where its reader changes which mails come.',
      accepted: `an https URL of at most ${URL_CHARS_MAX} characters`,
      unset: 'mails have no such link',
    },
    isPublic,
  ),
};

/** The settings of mails as the program uses them. */
export interface MailConfig {
  /** False: no mail at all. */
  readonly on: boolean;
  readonly from: Mailbox;
  readonly replyTo: Mailbox | undefined;
  readonly kinds: ReadonlySet<MailKind>;
  readonly unknown: 'resend' | 'keep';
  readonly perSecond: number;
  readonly requireTls: boolean;
  readonly dkim: { readonly keyFile: string; readonly domain: string; readonly selector: string } | undefined;
  readonly unsubscribe: { readonly urlTemplate: string; readonly secret: string } | undefined;
  readonly manageUrl: string | undefined;
}

type Values = z.output<z.ZodObject<typeof mailSettings>>;

export function mailConfig(values: Values): MailConfig {
  const { MAIL_DKIM_KEY_FILE: keyFile, MAIL_DKIM_DOMAIN: domain, MAIL_DKIM_SELECTOR: selector } = values;
  const { MAIL_UNSUBSCRIBE_URL: urlTemplate, MAIL_UNSUBSCRIBE_SECRET: secret } = values;
  return {
    on: values.MAIL === 'on',
    from: values.MAIL_FROM ?? parseMailbox(FROM_DEFAULT)!,
    replyTo: values.MAIL_REPLY_TO,
    kinds: new Set(values.MAIL_KINDS ?? MAIL_KINDS),
    unknown: values.MAIL_UNKNOWN,
    perSecond: values.MAIL_PER_SECOND,
    requireTls: values.MAIL_REQUIRE_TLS === '1',
    dkim: keyFile && domain && selector ? { keyFile, domain, selector } : undefined,
    unsubscribe: urlTemplate && secret ? { urlTemplate, secret } : undefined,
    manageUrl: values.MAIL_MANAGE_URL,
  };
}

const TOGETHER = [
  ['MAIL_DKIM_KEY_FILE', 'MAIL_DKIM_DOMAIN', 'MAIL_DKIM_SELECTOR'],
  ['MAIL_UNSUBSCRIBE_URL', 'MAIL_UNSUBSCRIBE_SECRET'],
] as const;

/** What is missing beside what is set, a sentence each. `refused`: settings that have a sentence of their own already. */
export function missingBeside(
  given: Readonly<Record<string, string | undefined>>,
  refused: ReadonlySet<string>,
): string[] {
  const lines: string[] = [];
  if (given.SMTP_URL && given.MAIL !== 'off' && !given.MAIL_FROM && !refused.has('SMTP_URL')) {
    lines.push(`MAIL_FROM is not set, but must be with SMTP_URL: ${ACCEPTED_MAILBOX}.`);
  }
  for (const names of TOGETHER) {
    const missing = names.filter((name) => !given[name]);
    const [first] = names.filter((name) => given[name]);
    if (first === undefined || missing.length === 0 || names.some((name) => refused.has(name))) continue;
    lines.push(`${first} is set, but must be together with ${missing.join(' and ')}: set all of them, or none.`);
  }
  return lines;
}

/**
 * The mailer that the settings ask for: a mail server, or a folder of files when none is given. Owns reading the DKIM
 * key: one that cannot sign is refused here, for nodemailer would send without a signature and say nothing.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { quotedCut } from '../core/quoted.ts';
import { createFileMailer, createMailer, type Letterhead, type Mailer } from '../emails/mailer.ts';
import { type Config, SettingsError } from '../runtime/config.ts';

/** RFC 8301: verifiers do not take a shorter key. */
const KEY_BITS_MIN = 1_024;

/** Where mails go that no server is given for. */
export const mailFolder = ({ dataDir }: Pick<Config, 'dataDir'>): string => join(dataDir, 'mails');

/** Whether `mail.on` is for the caller to look at. Throws a SettingsError when the DKIM key cannot be used. */
export async function openMailer(
  config: Pick<Config, 'mail' | 'smtpUrl' | 'dataDir'>,
  ledgerId: string,
  log: Logger,
): Promise<Mailer> {
  const { mail, smtpUrl } = config;
  const { from, replyTo, unsubscribe, dkim } = mail;
  const letterhead: Letterhead = {
    ledgerId,
    from,
    replyTo,
    unsubscribe,
    dkim: dkim && { domain: dkim.domain, selector: dkim.selector, privateKey: await readKey(dkim.keyFile) },
  };
  log.debug({ event: 'mailer-opened', to: smtpUrl === undefined ? 'files' : 'server', signed: dkim !== undefined });
  if (smtpUrl === undefined) return createFileMailer({ letterhead, folder: mailFolder(config) });
  return createMailer({ letterhead, url: smtpUrl, requireTls: mail.requireTls, mailsPerSecond: mail.perSecond });
}

async function readKey(path: string): Promise<string> {
  const refused = (why: string): SettingsError =>
    new SettingsError([
      `MAIL_DKIM_KEY_FILE is ${quotedCut(path)}, ${why}, but must be a file with an RSA private key of ` +
        `${KEY_BITS_MIN} bits or more as PEM, without a passphrase.`,
    ]);
  let pem: string;
  try {
    pem = await readFile(path, 'utf8');
  } catch (error) {
    throw refused(`which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw refused('which holds none');
  }
  if (key.asymmetricKeyType !== 'rsa') throw refused(`which holds a key of type ${key.asymmetricKeyType}`);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < KEY_BITS_MIN) throw refused(`which holds a key of ${bits} bits`);
  return pem;
}

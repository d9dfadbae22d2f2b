/** Whether mails would go out: the mail server answers and takes the login, and what the mails say of their sender. */
import { FlowlyError } from '../../core/errors.ts';
import { domainOf } from '../../core/mailbox.ts';
import type { Config } from '../../runtime/config.ts';
import { mailFolder, openMailer } from '../mailer.ts';
import { type Check, check, type Finding, fail, ok, type Patient, warn } from './check.ts';

/** Hosts to which nothing travels where others could listen. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/i;

export const mailChecks: readonly Check[] = [check('mail', [], mail)];

async function mail({ config, log }: Patient): Promise<Finding> {
  const { smtpUrl } = config;
  if (!config.mail.on) return ok('MAIL is off: no mail is sent');
  try {
    const mailer = await openMailer(config, '', log);
    try {
      // The folder is made by the first mail: a doctor makes nothing.
      if (smtpUrl === undefined) return ok(`mails are written as files to ${mailFolder(config)}`);
      await mailer.verify();
    } finally {
      await mailer.close();
    }
  } catch (error) {
    if (!(error instanceof FlowlyError)) throw error;
    const fix = error.code === 'settings-invalid' ? 'correct MAIL_DKIM_KEY_FILE' : 'correct SMTP_URL, or the server';
    return fail(error.message.replace(/\.$/, ''), fix);
  }
  return ofSender(config, new URL(smtpUrl)) ?? ok('the server of SMTP_URL answers and takes the login');
}

/** What would make mails go astray although the server takes them. */
function ofSender({ mail }: Config, { protocol, hostname, password }: URL): Finding | undefined {
  const domain = domainOf(mail.from);
  if (domain === 'localhost' || domain.endsWith('.localhost')) {
    return warn(
      'mails come from an address at localhost, which nobody else takes',
      'set MAIL_FROM to an address of yours',
    );
  }
  if (protocol === 'smtp:' && password !== '' && !mail.requireTls && !LOOPBACK.test(hostname)) {
    return warn(
      'the password of SMTP_URL goes in clear when the server does not offer encryption',
      'set MAIL_REQUIRE_TLS=1, or use smtps://',
    );
  }
  const signing = mail.dkim?.domain.toLowerCase();
  if (signing !== undefined && !`.${domain.toLowerCase()}`.endsWith(`.${signing}`)) {
    return warn(
      `mails from ${domain} are signed by ${signing}, which does not vouch for it`,
      'set MAIL_DKIM_DOMAIN to the domain of MAIL_FROM, or to one above it',
    );
  }
  return undefined;
}

/**
 * The mail server's URL and the bounds of a connection, as options of nodemailer. The URL is taken apart here, not by
 * nodemailer, which would take options from its query: one that turns the verification of certificates off, for one.
 */
import type { SMTPTransportOptions } from 'nodemailer';

/** Finding the name, connecting, greeting and encryption together: what is up answers within a second or two. */
const CONNECT_MS_MAX = 15_000;
const GREETING_MS_MAX = 10_000;
/** Between two signs of life. Servers look into a mail before they answer its end, and giving up then leaves it unknown. */
const REPLY_MS_MAX = 60_000;
/** For the server to close its side after ours. */
const CLOSE_MS_MAX = 1_000;

export interface ServerOptions {
  /** `smtps:` encrypts from the first byte; `smtp:` as soon as the server offers it. */
  readonly url: string;
  /** With `smtp:`, sends nothing in clear: neither the login nor a mail. */
  readonly requireTls: boolean;
  /** Shorter waits, for tests. */
  readonly waits?: { readonly connectMs?: number; readonly greetingMs?: number; readonly replyMs?: number };
}

export function transportOptions({ url, requireTls, waits = {} }: ServerOptions): SMTPTransportOptions {
  const { hostname, port, protocol, username, password } = new URL(url);
  const secure = protocol === 'smtps:';
  const connectMs = waits.connectMs ?? CONNECT_MS_MAX;
  return {
    // Without the brackets of an IPv6 address.
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !secure && requireTls,
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: connectMs,
    dnsTimeout: connectMs,
    greetingTimeout: waits.greetingMs ?? GREETING_MS_MAX,
    socketTimeout: waits.replyMs ?? REPLY_MS_MAX,
    socketCloseTimeout: CLOSE_MS_MAX,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
    debug: false,
  };
}

/** In the spellings in which a server may repeat them: as they are, and as the login commands carry them. */
export function secretsOf(url: string): readonly string[] {
  const { username, password } = new URL(url);
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  if (pass === '') return [];
  return [`\0${user}\0${pass}`, pass].flatMap((secret) => [Buffer.from(secret, 'utf8').toString('base64'), secret]);
}

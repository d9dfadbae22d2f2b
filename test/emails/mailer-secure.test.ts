/** Logins and encryption: what is required is enforced, certificates are verified, and no password is in any words. */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SMTPServerOptions } from 'smtp-server';
import { selfSigned } from './certificate.ts';
import { mailer, mailServer, mailTo, never, rawServer } from './servers.ts';

const MAIL = mailTo('ada@example.com');
const PASSWORD = 'correct/horse @battery';
const trusted = selfSigned();
const stranger = selfSigned();
const before = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...before, trusted.cert]));
afterAll(() => setDefaultCACertificates(before));

const withLogin = (url: string, password = PASSWORD): string =>
  url.replace('//', `//${encodeURIComponent('ops@example.com')}:${encodeURIComponent(password)}@`);
const login: SMTPServerOptions = {
  disabledCommands: ['STARTTLS'],
  allowInsecureAuth: true,
  onAuth({ username, password }, _session, done) {
    if (username === 'ops@example.com' && password === PASSWORD) return done(null, { user: username });
    done(Object.assign(new Error('5.7.8 not you, ops@example.com'), { responseCode: 535 }));
  },
};

describe('a login', () => {
  test('with a password that a URL must encode', async () => {
    const server = await mailServer(login);
    const one = mailer(withLogin(server.url));
    await one.verify();
    expect(await one.deliver(MAIL, never())).toMatchObject({ status: 'sent' });
  });

  test('that is refused concerns every mail, and is said by verify too', async () => {
    const server = await mailServer(login);
    const one = mailer(withLogin(server.url, 'wrong'));
    const words = 'the login was refused: 535 5.7.8 not you, <address>';
    expect(await one.deliver(MAIL, never())).toEqual({ status: 'transient', words, unusable: true });
    await expect(one.verify()).rejects.toThrow(`The mail server cannot be used: ${words}.`);
    expect(server.received).toEqual([]);
  });

  test.each([
    ['the command', (sent: string) => `502 unknown command ${sent}`],
    ['the password', () => `535 ${PASSWORD} is wrong`],
    ['the password, encoded', () => `535 ${Buffer.from(PASSWORD).toString('base64')} is wrong`],
  ])('of which the server repeats %s: it is hidden', async (_, reply) => {
    const sent = `AUTH PLAIN ${Buffer.from(`\0ops@example.com\0${PASSWORD}`).toString('base64')}`;
    const server = await rawServer({ EHLO: '250-raw\r\n250 AUTH PLAIN', AUTH: reply(sent) });
    const delivery = await mailer(withLogin(server.url)).deliver(MAIL, never());
    expect(server.lines).toContain(sent);
    expect(delivery).toMatchObject({ status: 'transient', words: expect.stringContaining('<secret>'), unusable: true });
    for (const secret of [PASSWORD, sent.slice(11), Buffer.from(PASSWORD).toString('base64')])
      expect(delivery.words).not.toContain(secret);
  });
});

describe('encryption', () => {
  const secure = (certificate: typeof trusted, options: SMTPServerOptions = {}): SMTPServerOptions => ({
    disabledCommands: ['AUTH'],
    ...certificate,
    ...options,
  });
  const sawTls: boolean[] = [];
  const onMailFrom: SMTPServerOptions['onMailFrom'] = (_address, session, done) => {
    sawTls.push((session as unknown as { readonly secure: boolean }).secure);
    done();
  };

  test.each([
    ['is used when it is offered', false],
    ['is used when it is required', true],
  ])('%s', async (_, requireTls) => {
    const server = await mailServer(secure(trusted, { onMailFrom }));
    expect(await mailer(server.url, { requireTls }).deliver(MAIL, never())).toMatchObject({ status: 'sent' });
    expect(sawTls.splice(0)).toEqual([true]);
  });

  test('from the first byte with smtps:', async () => {
    const server = await mailServer(secure(trusted, { secure: true, onMailFrom }));
    const one = mailer(server.url.replace('smtp:', 'smtps:'));
    await one.verify();
    expect(await one.deliver(MAIL, never())).toMatchObject({ status: 'sent' });
    expect(sawTls.splice(0)).toEqual([true]);
  });

  test.each([
    ['smtps:', true],
    ['smtp:', false],
  ])('%s with a certificate that nobody vouches for: nothing is sent', async (protocol, implicit) => {
    const server = await mailServer(secure(stranger, { secure: implicit }));
    const delivery = await mailer(server.url.replace('smtp:', protocol)).deliver(MAIL, never());
    expect(delivery).toEqual({ status: 'transient', words: expect.stringMatching(/self-signed/), unusable: true });
    expect(server.received).toEqual([]);
  });

  test('a query of the URL does not turn the verification off', async () => {
    const server = await mailServer(secure(stranger));
    const delivery = await mailer(`${server.url}/?tls.rejectUnauthorized=false`).deliver(MAIL, never());
    expect(delivery).toMatchObject({ status: 'transient', unusable: true });
  });

  test('that is required and not offered: no login and no mail goes in clear', async () => {
    const server = await rawServer({ EHLO: '250-raw\r\n250 AUTH PLAIN' });
    const one = mailer(withLogin(server.url), { requireTls: true });
    expect(await one.deliver(MAIL, never())).toEqual({
      status: 'transient',
      words: 'the connection could not be encrypted: 502 command not implemented',
      unusable: true,
    });
    await expect(one.verify()).rejects.toThrow('could not be encrypted');
    expect(server.lines.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'STARTTLS', 'EHLO', 'STARTTLS']);
  });

  test('that is promised and does not come', async () => {
    const server = await rawServer({ STARTTLS: '220 go ahead', EHLO: '250-raw\r\n250 STARTTLS' });
    const waits = { connectMs: 500 };
    expect(await mailer(server.url, { waits }).deliver(MAIL, never())).toMatchObject({
      status: 'transient',
      unusable: true,
    });
  });
});

/** The mailer that the settings ask for, the key it signs with, and what `doctor` says of it. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Patient } from '../../cli/doctor/check.ts';
import { mailChecks } from '../../cli/doctor/mail.ts';
import { openMailer } from '../../cli/mailer.ts';
import { readConfig } from '../../runtime/config.ts';
import { mailServer, mailTo, never, rawServer } from '../emails/servers.ts';

const log = pino({ level: 'silent' });
const MAIL_FROM = 'Flowly <billing@example.com>';
let folder: string;
let keyFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowly-mailer-'));
  keyFile = await keep('key.pem', pemOf(generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pemOf = (key: ReturnType<typeof generateKeyPairSync>['privateKey']): string =>
  key.export({ type: 'pkcs8', format: 'pem' }) as string;
async function keep(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}
const configOf = (env: Record<string, string>) => readConfig({ FLOWLY_DATA_DIR: folder, ...env });
const signing = (path: string) => ({
  MAIL_DKIM_KEY_FILE: path,
  MAIL_DKIM_DOMAIN: 'example.com',
  MAIL_DKIM_SELECTOR: 'flowly',
});
const doctor = (env: Record<string, string>) =>
  mailChecks[0]!.look({ config: configOf(env), log } as unknown as Patient);

describe('openMailer', () => {
  test('without a server: signed files below the data folder', async () => {
    const one = await openMailer(configOf({ MAIL_FROM, ...signing(keyFile) }), 'ledger', log);
    expect(await one.deliver(mailTo('ada@example.com'), never())).toMatchObject({ status: 'sent' });
    await one.close();
    const [name] = await readdir(join(folder, 'mails'));
    const text = await readFile(join(folder, 'mails', name!), 'utf8');
    expect(text).toContain('From: Flowly <billing@example.com>');
    expect(text).toMatch(/^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed; d=example\.com;/);
  });

  test('with a server: over SMTP', async () => {
    const server = await mailServer();
    const one = await openMailer(configOf({ SMTP_URL: server.url, MAIL_FROM }), 'ledger', log);
    expect(await one.deliver(mailTo('ada@example.com'), never())).toMatchObject({ status: 'sent' });
    await one.close();
    expect(server.received.map(({ from }) => from)).toEqual(['billing@example.com']);
  });

  test.each<[string, () => Promise<string> | string, RegExp]>([
    [
      'is not there',
      () => 'nowhere.pem',
      /^MAIL_DKIM_KEY_FILE is "nowhere\.pem", which cannot be read \(ENOENT\), but/,
    ],
    ['is a folder', () => folder, /which cannot be read \(EISDIR\), but must be a file with an RSA private key/],
    ['holds no key', () => keep('none.pem', 'not a key, but secret'), /which holds none, but must be/],
    [
      'holds a public key',
      () =>
        keep(
          'public.pem',
          generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({
            type: 'spki',
            format: 'pem',
          }) as string,
        ),
      /which holds none, but must be/,
    ],
    [
      'holds a key that DKIM signs with only here and there',
      () => keep('ed.pem', pemOf(generateKeyPairSync('ed25519').privateKey)),
      /which holds a key of type ed25519, but must be/,
    ],
    [
      'holds a key that is too short',
      () => keep('short.pem', pemOf(generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey)),
      /which holds a key of 512 bits, but must be/,
    ],
  ])('a key file that %s is refused, and not shown', async (_, make, line) => {
    const config = configOf(signing(await make()));
    const refusal = await openMailer(config, 'ledger', log).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refusal).toMatch(line);
    expect(refusal).not.toContain('secret');
    expect(await doctor(signing(await make()))).toMatchObject({ status: 'fail', fix: 'correct MAIL_DKIM_KEY_FILE' });
  });
});

describe('doctor', () => {
  test('a server that answers', async () => {
    const { url } = await mailServer();
    expect(await doctor({ SMTP_URL: url, MAIL_FROM, ...signing(keyFile) })).toEqual({
      ...{ check: 'mail', status: 'ok', detail: 'the server of SMTP_URL answers and takes the login', fix: null },
    });
  });

  test('a server that refuses the login, or is not there: no password is shown', async () => {
    const { port } = await rawServer({ EHLO: '250-raw\r\n250 AUTH PLAIN', AUTH: '535 hunter2secret is wrong' });
    for (const at of [port, 1]) {
      const found = await doctor({ SMTP_URL: `smtp://ops:hunter2secret@127.0.0.1:${at}`, MAIL_FROM });
      expect(found).toMatchObject({ status: 'fail', fix: 'correct SMTP_URL, or the server' });
      expect(found.detail).toMatch(/^The mail server cannot be used: (the login was refused: 535 <secret>|connect EC)/);
      expect(JSON.stringify(found)).not.toContain('hunter2');
    }
  });

  test('no server, and no mail', async () => {
    expect(await doctor({})).toMatchObject({
      status: 'ok',
      detail: `mails are written as files to ${join(folder, 'mails')}`,
    });
    expect(await doctor({ MAIL: 'off', SMTP_URL: 'smtp://127.0.0.1:1' })).toMatchObject({
      status: 'ok',
      detail: 'MAIL is off: no mail is sent',
    });
  });

  test('a sender that nobody else takes, and a signature that does not vouch for it', async () => {
    const { url } = await mailServer();
    expect(await doctor({ SMTP_URL: url, MAIL_FROM: 'no-reply@localhost' })).toMatchObject({ status: 'warn' });
    const found = await doctor({ SMTP_URL: url, MAIL_FROM: 'a@notexample.com', ...signing(keyFile) });
    expect(found).toMatchObject({ status: 'warn', detail: expect.stringContaining('signed by example.com') });
    expect(await doctor({ SMTP_URL: url, MAIL_FROM: 'a@mail.example.com', ...signing(keyFile) })).toMatchObject({
      status: 'ok',
    });
  });
});

/** Mails as files: whole or not there, one an intent, for their owner's eyes, and no more than are looked at. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { createFileMailer, type Letterhead, type OutgoingMail } from '../../emails/mailer.ts';
import { LETTERHEAD, mailer, mailServer, mailTo, never } from './servers.ts';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'flowly-mails-'));
  folder = join(parent, 'data', 'mails');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const files = (some: { readonly filesMax?: number; readonly letterhead?: Letterhead } = {}) =>
  createFileMailer({ letterhead: LETTERHEAD, folder, ...some });
const mail = (some: Partial<OutgoingMail> = {}): OutgoingMail => ({ ...mailTo('ada@example.com'), ...some });
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test('a file holds the mail as a server would have got it', async () => {
  const unsubscribe = { urlTemplate: 'https://app.example/{account}/{token}', secret: 'a secret of the platform' };
  const letterhead = { ...LETTERHEAD, unsubscribe };
  const server = await mailServer();
  await mailer(server.url, { letterhead }).deliver(mail(), never());
  const delivery = await files({ letterhead }).deliver(mail(), never());
  const [name] = await readdir(folder);
  expect(delivery).toEqual({ status: 'sent', words: `written as ${name}` });
  expect(name).toMatch(/^20261101T120000000Z-acme-[0-9a-f]{32}\.eml$/);
  const raw = await readFile(join(folder, name!), 'latin1');
  // What differs by nature: when it was put together, and the border of the parts.
  const bare = (text: string): string =>
    text
      .replace(/^Date: .*$/m, '')
      .replaceAll(/--_NmP-\S+|boundary="\S+"/g, '')
      .trimEnd();
  expect(bare(raw)).toBe(bare(server.received[0]!.raw.toString('latin1')));
  expect(await simpleParser(raw)).toMatchObject({ subject: 'Credits are low', text: 'Credits are low' });
});

test('only the owner can look into the folder and the files, even in a folder that was open', async () => {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o777);
  await files().deliver(mail(), never());
  const [name] = await readdir(folder);
  expect([await modeOf(folder), await modeOf(join(folder, name!))]).toEqual([0o700, 0o600]);
});

test.each([
  ['../../../../etc/passwd', '-etc-passwd'],
  ['..', '-'],
  ['a/b:c@d.example', 'a-b-c-d-example'],
  ['x'.repeat(128), 'x'.repeat(40)],
])('an account %s stays in the folder, as %s', async (accountId, slug) => {
  await files().deliver(mail({ accountId, intentId: `${accountId}:mail:1` }), never());
  expect(await readdir(folder)).toEqual([
    expect.stringMatching(new RegExp(`^20261101T120000000Z-${slug}-[0-9a-f]{32}\\.eml$`)),
  ]);
  expect(await readdir(parent)).toEqual(['data']);
});

test('the same intent again replaces its file, whatever has changed', async () => {
  const one = files();
  await one.deliver(mail(), never());
  await one.deliver(mail({ rendered: { subject: 'Again', html: 'x', text: 'x' } }), never());
  await one.deliver(mail({ at: Date.UTC(2026, 10, 2), accountId: 'other' }), never());
  await one.deliver(mail({ intentId: 'acme:mail:2' }), never());
  const names = await readdir(folder);
  expect(names.map((name) => name.split('-')[1]).sort()).toEqual(['acme', 'other']);
});

test('many at once: each its file, and nothing half written is left', async () => {
  const one = files();
  const ids = Array.from({ length: 50 }, (_, index) => `acme:mail:${index % 25}`);
  const deliveries = await Promise.all(ids.map((intentId) => one.deliver(mail({ intentId }), never())));
  expect(deliveries.filter(({ status }) => status === 'sent')).toHaveLength(50);
  const names = await readdir(folder);
  expect(names).toHaveLength(25);
  expect(names.every((name) => name.endsWith('.eml'))).toBe(true);
});

test('the oldest go when there are more than are kept; what is not ours stays', async () => {
  await mkdir(folder, { recursive: true });
  const halfWritten = `20200101T000000000Z-acme-${'0'.repeat(32)}.eml.${'0'.repeat(36)}.tmp`;
  for (const name of ['notes.eml', 'README', halfWritten]) await writeFile(join(folder, name), '');
  const one = files({ filesMax: 3 });
  for (let day = 1; day <= 5; day += 1) {
    await one.deliver(mail({ intentId: `acme:mail:${day}`, at: Date.UTC(2026, 0, day) }), never());
  }
  const names = (await readdir(folder)).map((name) => name.split('T')[0]).sort();
  expect(names).toEqual(['20260103', '20260104', '20260105', 'README', 'notes.eml']);
});

describe('what cannot be written', () => {
  test('a folder that is a file: tried again, and said by verify, without the path', async () => {
    await mkdir(join(parent, 'data'));
    await writeFile(folder, '');
    const words = expect.stringMatching(/^not written as a file: E[A-Z]+$/);
    expect(await files().deliver(mail(), never())).toEqual({ status: 'transient', words, unusable: true });
    await expect(files().verify()).rejects.toThrow(/^Mails cannot be written as files: E[A-Z]+\.$/);
  });

  test('an address that is none: refused as a server would have been spared it', async () => {
    expect(await files().deliver(mail({ to: [{ address: 'ada' }] }), never())).toMatchObject({ status: 'permanent' });
    await files().verify();
    expect(await readdir(folder)).toEqual([]);
  });

  test('a delivery that was stopped', async () => {
    expect(await files().deliver(mail(), AbortSignal.abort())).toMatchObject({ status: 'transient', unusable: false });
    await files().close();
  });
});

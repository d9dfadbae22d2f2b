/** Headers: the same for a retry, nothing that a name or an address could put into them, one-click unsubscribe, DKIM. */
import { createHash, generateKeyPairSync, timingSafeEqual, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AddressObject, simpleParser } from 'mailparser';
import type { Letterhead, OutgoingMail } from '../../emails/mailer.ts';
import { unsubscribeToken } from '../../emails/mailer.ts';
import { LETTERHEAD, mailer, mailServer, mailTo, never } from './servers.ts';

/** The mail as a server got it. */
async function sent(mail: OutgoingMail, letterhead: Letterhead = LETTERHEAD) {
  const server = await mailServer();
  const delivery = await mailer(server.url, { letterhead }).deliver(mail, never());
  expect(delivery).toMatchObject({ status: 'sent' });
  const [{ raw, to }] = server.received as [(typeof server.received)[0]];
  const head = raw.toString('latin1').split('\r\n\r\n')[0]!;
  return { raw, to, head, names: namesOf(head), parsed: await simpleParser(raw) };
}

/** Names of the header fields, sorted. */
const namesOf = (head: string): readonly string[] =>
  [...head.matchAll(/^([A-Za-z-]+):/gm)].map(([, name]) => name!.toLowerCase()).sort();

const NAMES = [
  ...['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to'],
  'x-auto-response-suppress',
];
const owner = (name: string): OutgoingMail => ({ ...mailTo(), to: [{ name, address: 'ada@example.com' }] });

describe('a name', () => {
  test.each([
    ['Ada Lovelace', 'Ada Lovelace'],
    ['Lovelace, Ada', 'Lovelace, Ada'],
    ['Ada\r\nBcc: eve@example.com', 'Ada Bcc: eve@example.com'],
    ['Ada\nX-Evil: 1', 'Ada X-Evil: 1'],
    ['Ada\r\n\r\n<b>body</b>', 'Ada <b>body</b>'],
    ['Ada\u0000\u001b[2J\u0085', 'Ada [2J'],
    ['Ada\u2028Bcc: x\u2029', 'Ada Bcc: x'],
    ['Ada "the" <eve@example.com>, Eve', 'Ada "the" <eve@example.com>, Eve'],
    ['a" <eve@example.com>, "b', 'a" <eve@example.com>, "b'],
    ['back\\slash\\', 'back\\slash\\'],
    ['group: eve@example.com;', 'group: eve@example.com;'],
    ['(comment) ada', '(comment) ada'],
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['=?utf-8?Q?=0D=0ABcc=3A_eve=40example.com?=', '= ?utf-8?Q?=0D=0ABcc=3A_eve=40example.com?='],
    ['Zoë 🚀 👩‍💻 李', 'Zoë 🚀 👩‍💻 李'],
    ['safe\u202egpj.exe\u2066\u200f', 'safe gpj.exe'],
    ['half \ud800 pair', 'half \ufffd pair'],
    ['eve@example.com', 'eve@example.com'],
    [' \u202e ', ''],
    ['', ''],
  ])('%j is shown as %j, and does nothing else', async (name, shown) => {
    const { parsed, to, names, head } = await sent(owner(name));
    const { value } = parsed.to as AddressObject;
    expect(value).toEqual([{ name: shown, address: 'ada@example.com' }]);
    expect(to).toEqual(['ada@example.com']);
    expect(names).toEqual(NAMES);
    expect(head).not.toMatch(/[^\x20-\x7e\r\n\t]/);
  });

  test('of any kind leaves one recipient and the usual headers', async () => {
    const server = await mailServer();
    const one = mailer(server.url);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 250 }), async (name) => {
        await one.deliver(owner(name), never());
        const { raw, to } = server.received.at(-1)!;
        expect(to).toEqual(['ada@example.com']);
        expect(namesOf(raw.toString('latin1').split('\r\n\r\n')[0]!)).toEqual(NAMES);
        const { value } = (await simpleParser(raw)).to as AddressObject;
        expect(value.map(({ address }) => address)).toEqual(['ada@example.com']);
      }),
      { numRuns: 100 },
    );
  });
});

describe('an address that is not one plain address', () => {
  const BAD = [
    ...['', 'ada', 'ada@', '@example.com', 'ada@localhost', 'ada @example.com', ' ada@example.com', 'ada@exa mple.com'],
    ...['ada@example.com\r\nBcc: eve@example.com', 'ada@example.com\n', 'ada@example.com, eve@example.com'],
    ...['ada@example.com;eve@example.com', '<ada@example.com>', 'Ada <ada@example.com>', '"ada b"@example.com'],
    ...['ada(comment)@example.com', 'ada@[127.0.0.1]', 'ada@example.com> SIZE=1', 'ädä@example.com', 'ada@\u0000.com'],
    ...['ada@example.com\u202e', `${'a'.repeat(65)}@example.com`, 'a..b@example.com', 'a@b@example.com'],
  ];
  test.each(BAD)(
    '%j: refused for good, by its place and without its text, before anything is sent',
    async (address) => {
      const server = await mailServer();
      const delivery = await mailer(server.url).deliver(mailTo('ada@example.com', address), never());
      expect(delivery).toEqual({
        status: 'permanent',
        words: 'to[1].address must be one plain e-mail address in ASCII: the mail was not sent',
      });
      expect(server.connections()).toBe(0);
    },
  );

  test('no address, and more than six', async () => {
    const one = mailer('smtp://127.0.0.1:1');
    expect(await one.deliver(mailTo(), never())).toMatchObject({
      status: 'permanent',
      words: expect.stringMatching(/^to has 0 /),
    });
    const seven = Array.from({ length: 7 }, (_, index) => `a${index}@example.com`);
    expect(await one.deliver(mailTo(...seven), never())).toMatchObject({ status: 'permanent' });
  });
});

test('an owner who is a recipient too gets one mail', async () => {
  const { to, parsed } = await sent(mailTo('ada@example.com', 'bob@example.com', 'ada@example.com'));
  expect(to).toEqual(['ada@example.com', 'bob@example.com']);
  expect((parsed.to as AddressObject).value).toHaveLength(2);
});

test('a subject is one line', async () => {
  const mail = mailTo('ada@example.com');
  const subject = 'Low\r\nBcc: eve@example.com\u202e “10 %” left';
  const { parsed, names } = await sent({ ...mail, rendered: { ...mail.rendered, subject } });
  expect(parsed.subject).toBe('Low Bcc: eve@example.com “10 %” left');
  expect(names).toEqual(NAMES);
});

test('bodies in every script, with lines of dots and lines that are long', async () => {
  const text = `Grüße, 李 🚀\n.\n..\nFrom here\n${'x'.repeat(5_000)}`;
  const html = `<p>${text}</p>`;
  const { parsed, raw } = await sent({ ...mailTo('ada@example.com'), rendered: { subject: 's', html, text } });
  expect(parsed).toMatchObject({ text, html });
  for (const line of raw.toString('latin1').split('\r\n')) expect(line.length).toBeLessThanOrEqual(998);
});

test('from and reply-to', async () => {
  const replyTo = { name: 'Help, desk', address: 'help@mail.example' };
  const { parsed } = await sent(mailTo('ada@example.com'), { ...LETTERHEAD, replyTo });
  expect(parsed.from?.value).toEqual([LETTERHEAD.from]);
  expect(parsed.replyTo?.value).toEqual([replyTo]);
});

describe('the Message-ID', () => {
  const idOf = async (mail: Partial<OutgoingMail>, letterhead: Partial<Letterhead> = {}) =>
    (await sent({ ...mailTo('ada@example.com'), ...mail }, { ...LETTERHEAD, ...letterhead })).parsed.messageId;

  test('is the same when a mail is sent again, whatever it says then', async () => {
    const first = await idOf({});
    expect(first).toMatch(/^<[0-9a-f]{32}@mail\.example>$/);
    expect(await idOf({ at: 1, rendered: { subject: 'x', html: 'x', text: 'x' } })).toBe(first);
  });

  test('is another for another intent, and for another ledger', async () => {
    const ids = [
      await idOf({}),
      await idOf({ intentId: 'acme:mail:2' }),
      await idOf({}, { ledgerId: 'ledger-2' }),
      await idOf({ intentId: '1acme:mail:1' }, { ledgerId: 'ledger-' }),
    ];
    expect(new Set(ids).size).toBe(4);
  });
});

describe('unsubscribing', () => {
  const secret = 'a secret of the platform';
  const urlTemplate = 'https://app.example/unsubscribe?account={account}&token={token}';

  test('is a link with the account and a token that the platform can make again', async () => {
    const accountId = 'team/a+b:c@d';
    const mail = { ...mailTo('ada@example.com'), accountId };
    const { parsed, head, names } = await sent(mail, { ...LETTERHEAD, unsubscribe: { urlTemplate, secret } });
    const list = parsed.headers.get('list') as unknown as { readonly unsubscribe: { readonly url: string } };
    const { searchParams } = new URL(list.unsubscribe.url);
    expect(searchParams.get('account')).toBe(accountId);
    const given = Buffer.from(searchParams.get('token')!);
    expect(timingSafeEqual(given, Buffer.from(unsubscribeToken(accountId, secret)))).toBe(true);
    expect(given.toString()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(head).toContain('\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n');
    expect(names).toEqual([...NAMES, 'list-unsubscribe', 'list-unsubscribe-post'].sort());
  });

  test('a token is of one account and one secret', () => {
    // HMAC-SHA256 of RFC 4231, test case 2.
    expect(Buffer.from(unsubscribeToken('what do ya want for nothing?', 'Jefe'), 'base64url').toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    expect(unsubscribeToken('a', secret)).not.toBe(unsubscribeToken('b', secret));
  });
});

test('DKIM: the signature covers the headers and the body, and the public key verifies it', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const dkim = { domain: 'mail.example', selector: 'flowly', privateKey: pem };
  const unsubscribe = { urlTemplate: 'https://app.example/{account}/{token}', secret: 'a secret of the platform' };
  const { raw } = await sent(owner('Zoë, 李'), { ...LETTERHEAD, dkim, unsubscribe });
  const [head, body] = splitOnce(raw.toString('latin1'), '\r\n\r\n');
  const fields = head.split(/\r\n(?![ \t])/).map((line) => splitOnce(line, ':'));
  const field = (name: string) => fields.find(([key]) => key.toLowerCase() === name)!;
  const relaxed = ([key, value]: readonly [string, string]): string =>
    `${key.toLowerCase()}:${value
      .replace(/\r\n/g, '')
      .replace(/[ \t]+/g, ' ')
      .trim()}`;
  const signature = field('dkim-signature');
  const tags = Object.fromEntries(
    signature[1].split(';').map((tag) => splitOnce(tag.replace(/\s/g, ''), '=') as [string, string]),
  );
  expect(tags).toMatchObject({ v: '1', a: 'rsa-sha256', c: 'relaxed/relaxed', d: 'mail.example', s: 'flowly' });
  const lines = body.replace(/[ \t]+/g, ' ').replace(/ (?=\r\n)/g, '');
  const bodyHash = createHash('sha256').update(lines.replace(/(?:\r\n)*$/, '\r\n'), 'latin1');
  expect(tags.bh).toBe(bodyHash.digest('base64'));
  const signed = tags.h!.split(':');
  for (const name of ['from', 'to', 'subject', 'message-id', 'list-unsubscribe', 'list-unsubscribe-post'])
    expect(signed).toContain(name);
  const unsigned: [string, string] = [signature[0], signature[1].replace(/(\bb=)[^;]*$/, '$1')];
  const text = [...signed.map((name) => relaxed(field(name))), relaxed(unsigned)].join('\r\n');
  expect(verify('sha256', Buffer.from(text, 'latin1'), publicKey, Buffer.from(tags.b!, 'base64'))).toBe(true);
});

function splitOnce(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return [text.slice(0, index), text.slice(index + at.length)];
}

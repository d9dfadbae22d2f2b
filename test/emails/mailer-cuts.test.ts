/**
 * Connections that fail: before the server had the whole mail it was not taken, and is tried again; after that only the
 * server's answer tells, and without one it is unknown.
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { type Act, LETTERHEAD, mailer, mailTo, never, rawServer, type Steps } from './servers.ts';

/** As large as a socket's buffers, so that a server can cut while the mail is on its way. */
const LARGE = 'credits\r\n'.repeat(2_000_000);
const KEY = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const large = () => {
  const mail = mailTo('ada@example.com');
  return { ...mail, rendered: { ...mail.rendered, text: LARGE } };
};

/** Before the server was told of the mail: every other would have met the same. */
const isOfAll = (step: string): boolean => step === 'connect' || step === 'EHLO';

describe('cut before the server had the whole mail', () => {
  test.each(['connect', 'EHLO', 'MAIL', 'RCPT', 'DATA'] as const)('at %s', async (step) => {
    const server = await rawServer({ [step]: 'cut' });
    const delivery = await mailer(server.url).deliver(mailTo('ada@example.com'), never());
    expect(delivery).toEqual({ status: 'transient', words: expect.stringMatching(/\S/), unusable: isOfAll(step) });
  });

  test.each([
    ['', LETTERHEAD],
    [', signed', { ...LETTERHEAD, dkim: { domain: 'mail.example', selector: 's', privateKey: KEY } }],
  ])('in the middle of the mail%s', async (_, letterhead) => {
    const server = await rawServer({ bytes: 'cut' });
    const delivery = await mailer(server.url, { letterhead }).deliver(large(), never());
    expect(delivery).toMatchObject({ status: 'transient', unusable: false });
  });

  test('between two mails: the second goes over another connection', async () => {
    const server = await rawServer();
    const one = mailer(server.url);
    expect(await one.deliver(mailTo('ada@example.com'), never())).toMatchObject({ status: 'sent' });
    server.steps.MAIL = 'cut';
    const second = one.deliver(mailTo('ada@example.com'), never());
    await server.reached('MAIL');
    delete server.steps.MAIL;
    expect(await second).toMatchObject({ status: 'sent' });
    expect(server.connections()).toBe(2);
  });
});

describe('the server had the whole mail', () => {
  test('and cuts without a reply, when the mail was signed', async () => {
    const server = await rawServer({ dot: 'cut' });
    const letterhead = { ...LETTERHEAD, dkim: { domain: 'mail.example', selector: 's', privateKey: KEY } };
    const delivery = await mailer(server.url, { letterhead }).deliver(mailTo('ada@example.com'), never());
    expect(delivery).toMatchObject({ status: 'unknown' });
  });

  test.each<[string, Act, Steps]>([
    ['cuts without a reply', 'cut', {}],
    ['cuts without a reply, pipelined', 'cut', { EHLO: '250-raw\r\n250 PIPELINING' }],
    ['answers with half a reply', '250-half\r\n250-', {}],
    ['answers what is no reply', 'hello?', {}],
  ])('and %s: it may have been taken', async (_, dot, steps) => {
    const server = await rawServer({ ...steps, dot });
    const delivery = await mailer(server.url, { waits: { replyMs: 200 } }).deliver(mailTo('ada@example.com'), never());
    expect(delivery).toEqual({ status: 'unknown', words: expect.stringContaining('no answer came') });
  });

  test('and says nothing until the wait is over', async () => {
    const server = await rawServer({ dot: 'silence' });
    const delivery = await mailer(server.url, { waits: { replyMs: 200 } }).deliver(mailTo('ada@example.com'), never());
    expect(delivery).toEqual({
      status: 'unknown',
      words: 'no answer came after the whole mail was sent: Timeout',
    });
  });

  test('and the delivery is stopped while it thinks', async () => {
    const server = await rawServer({ dot: 'silence' });
    const stop = new AbortController();
    const delivery = mailer(server.url).deliver(mailTo('ada@example.com'), stop.signal);
    await server.reached('dot');
    stop.abort();
    expect(await delivery).toEqual({ status: 'unknown', words: expect.stringContaining('the delivery was stopped') });
  });

  test('and refuses it: that is an answer', async () => {
    const server = await rawServer({ dot: '451 try later' });
    expect(await mailer(server.url).deliver(mailTo('ada@example.com'), never())).toMatchObject({ status: 'transient' });
  });
});

describe('a server that says nothing', () => {
  test.each(['connect', 'EHLO', 'MAIL', 'RCPT', 'DATA'] as const)('at %s: the wait ends', async (step) => {
    const server = await rawServer({ [step]: 'silence' });
    const waits = { connectMs: 500, greetingMs: 200, replyMs: 200 };
    const delivery = await mailer(server.url, { waits }).deliver(mailTo('ada@example.com'), never());
    expect(delivery).toMatchObject({ status: 'transient', unusable: isOfAll(step) });
  });

  test.each(['connect', 'EHLO', 'MAIL', 'DATA'] as const)('at %s: the delivery can be stopped', async (step) => {
    const server = await rawServer({ [step]: 'silence' });
    const stop = new AbortController();
    const reached = server.reached(step);
    const delivery = mailer(server.url).deliver(mailTo('ada@example.com'), stop.signal);
    await reached;
    stop.abort();
    expect(await delivery).toEqual({ status: 'transient', words: 'the delivery was stopped', unusable: false });
  });
});

test('stopped before it began: nothing is opened', async () => {
  const server = await rawServer();
  expect(await mailer(server.url).deliver(mailTo('ada@example.com'), AbortSignal.abort())).toMatchObject({
    status: 'transient',
    unusable: false,
  });
  expect(server.connections()).toBe(0);
});

test('nobody listens', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  const url = `smtp://ada:hunter2-secret@127.0.0.1:${port}`;
  const delivery = await mailer(url).deliver(mailTo('ada@example.com'), never());
  expect(delivery).toEqual({ status: 'transient', words: expect.stringContaining('ECONNREFUSED'), unusable: true });
  expect(JSON.stringify(delivery)).not.toContain('hunter2');
  await expect(mailer(url).verify()).rejects.toThrow(/^The mail server cannot be used: connect ECONNREFUSED/);
});

test('nobody listens at any address of a host: still words', async () => {
  const delivery = await mailer('smtp://localhost:1').deliver(mailTo('ada@example.com'), never());
  expect(delivery).toEqual({ status: 'transient', words: expect.stringContaining('ECONNREFUSED'), unusable: true });
});

test('no such host', async () => {
  const delivery = await mailer('smtp://nowhere.invalid').deliver(mailTo('ada@example.com'), never());
  expect(delivery).toMatchObject({ status: 'transient', unusable: true });
});

test('a mailer that is closed finishes what is on its way, and takes no more', async () => {
  const server = await rawServer({ MAIL: 'silence' });
  const one = mailer(server.url, { waits: { replyMs: 200 } });
  const reached = server.reached('MAIL');
  const first = one.deliver(mailTo('ada@example.com'), never());
  await reached;
  await one.close();
  expect(await first).toMatchObject({ status: 'transient' });
  expect(await one.deliver(mailTo('ada@example.com'), never())).toMatchObject({ status: 'transient', unusable: false });
  await one.close();
});

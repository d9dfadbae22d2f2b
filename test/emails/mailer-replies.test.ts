/** What the server answers decides the fate of the mail; what concerns every mail is told apart from what concerns one. */
import { describe, expect, test } from '@jest/globals';
import { mailer, mailServer, mailTo, never, rawServer, type Steps } from './servers.ts';

const PIPELINING = '250-raw\r\n250 PIPELINING';
const STEPS = ['MAIL', 'RCPT', 'DATA', 'dot'] as const;
const CODES = [421, 450, 451, 452, 550, 552, 554];
const deliver = async (steps: Steps) => {
  const server = await rawServer(steps);
  const delivery = await mailer(server.url).deliver(mailTo('ada@example.com'), never());
  return { server, delivery };
};

describe.each([
  ['one command at a time', '250 raw'],
  ['pipelined', PIPELINING],
])('%s', (_, EHLO) => {
  test.each(STEPS.flatMap((step) => CODES.map((code) => [code, step] as const)))('%d to %s', async (code, step) => {
    const { delivery } = await deliver({ EHLO, [step]: `${code} 4.2.0 said so` });
    expect(delivery).toEqual(
      code < 500
        ? { status: 'transient', words: `${code} 4.2.0 said so`, unusable: false }
        : { status: 'permanent', words: `${code} 4.2.0 said so` },
    );
  });
});

test.each([530, 535])('%d to a mail: the login is missing, and the mail is not to blame', async (code) => {
  const { delivery } = await deliver({ MAIL: `${code} log in first` });
  expect(delivery).toEqual({ status: 'transient', words: `${code} log in first`, unusable: true });
});

test('530 to a recipient: others may be taken without a login', async () => {
  const { delivery } = await deliver({ RCPT: '530 log in to send there' });
  expect(delivery).toEqual({ status: 'transient', words: '530 log in to send there', unusable: false });
});

test('503: the session was out of step, the mail is tried again', async () => {
  const { delivery } = await deliver({ RCPT: '503 bad sequence' });
  expect(delivery).toEqual({ status: 'transient', words: '503 bad sequence', unusable: false });
});

test('554 instead of a greeting concerns every mail', async () => {
  const { delivery } = await deliver({ connect: '554 no service for you' });
  expect(delivery).toEqual({ status: 'transient', words: '554 no service for you', unusable: true });
});

test('the address that a server repeats is not in the words, whole or in part', async () => {
  const { delivery } = await deliver({
    RCPT: '550-5.1.1 <ada@example.com>: ada\r\n550 5.1.1 is unknown here\u001b[2J',
  });
  expect(delivery).toEqual({
    status: 'permanent',
    words: '550-5.1.1 <address>: <address> 5.1.1 is unknown here [2J',
  });
});

test('a server that takes some recipients: sent, and which were refused', async () => {
  const server = await mailServer({
    onRcptTo({ address }, _session, done) {
      if (address !== 'bob@example.com') return done();
      done(Object.assign(new Error('No such user bob@example.com'), { responseCode: 550 }));
    },
  });
  const mail = mailTo('ada@example.com', 'bob@example.com', 'grace@example.com');
  const delivery = await mailer(server.url).deliver(mail, never());
  expect(delivery).toEqual({
    status: 'sent',
    words: expect.stringMatching(/^2 of 3 recipients accepted; number 2 refused: 550 No such user <address>; 250 /),
  });
  expect(server.received.map(({ to }) => to)).toEqual([['ada@example.com', 'grace@example.com']]);
});

test('every recipient refused, one of them only for now: tried again', async () => {
  const server = await mailServer({
    onRcptTo({ address }, _session, done) {
      done(Object.assign(new Error('no'), { responseCode: address.startsWith('ada') ? 450 : 550 }));
    },
  });
  const delivery = await mailer(server.url).deliver(mailTo('ada@example.com', 'bob@example.com'), never());
  expect(delivery).toEqual({ status: 'transient', words: '450 no', unusable: false });
});

test('after a refused mail the connection serves the next', async () => {
  const server = await rawServer({ RCPT: '550 no' });
  const one = mailer(server.url);
  expect(await one.deliver(mailTo('ada@example.com'), never())).toMatchObject({ status: 'permanent' });
  delete server.steps.RCPT;
  expect(await one.deliver(mailTo('ada@example.com'), never())).toMatchObject({ status: 'sent' });
  expect(server.lines).toContain('RSET');
});

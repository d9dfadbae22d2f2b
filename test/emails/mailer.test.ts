/** A mail that is taken: what arrives, over which connections, and how many a second. */
import { expect, test } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { mailer, mailServer, mailTo, never } from './servers.ts';

test('a mail arrives with both its bodies, and the headers that keep robots from answering', async () => {
  const server = await mailServer();
  const delivery = await mailer(server.url).deliver(mailTo('ada@example.com', 'grace@example.com'), never());
  expect(delivery).toEqual({ status: 'sent', words: expect.stringMatching(/^250 /) });
  const [{ from, to, raw }] = server.received as [(typeof server.received)[0]];
  expect({ from, to }).toEqual({ from: 'no-reply@mail.example', to: ['ada@example.com', 'grace@example.com'] });
  const parsed = await simpleParser(raw);
  expect(parsed.headers.get('content-type')).toMatchObject({ value: 'multipart/alternative' });
  expect(parsed).toMatchObject({
    subject: 'Credits are low',
    text: 'Credits are low',
    html: '<p>Credits are low</p>',
  });
  expect(parsed.headers.get('auto-submitted')).toBe('auto-generated');
  expect(parsed.headers.get('x-auto-response-suppress')).toBe('All');
});

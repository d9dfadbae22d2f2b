/** Mail servers on loopback: a well-behaved one that keeps what it was sent, and a raw one that answers as it is told. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, afterEach } from '@jest/globals';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { createMailer, type SmtpMailerOptions } from '../../emails/mailer/smtp.ts';
import type { Mailer, OutgoingMail } from '../../emails/mailer.ts';

export const LETTERHEAD = { ledgerId: 'ledger-1', from: { name: 'Flowly', address: 'no-reply@mail.example' } };
export const never = (): AbortSignal => new AbortController().signal;

export const mailTo = (...addresses: readonly string[]): OutgoingMail => ({
  intentId: 'acme:mail:1',
  accountId: 'acme',
  to: addresses.map((address) => ({ address })),
  rendered: { subject: 'Credits are low', html: '<p>Credits are low</p>', text: 'Credits are low' },
  at: Date.UTC(2026, 10, 1, 12),
});

const closers: (() => Promise<unknown>)[] = [];
const closeAll = async (): Promise<void> => {
  for (const close of closers.splice(0).reverse()) await close();
};
afterEach(closeAll);
afterAll(closeAll);

export const closeLater = (close: () => Promise<unknown>): void => {
  closers.push(close);
};

/** A mailer that is closed after the test. */
export function mailer(url: string, options: Partial<SmtpMailerOptions> = {}): Mailer {
  const made = createMailer({ letterhead: LETTERHEAD, url, requireTls: false, mailsPerSecond: 1_000, ...options });
  closers.push(() => made.close());
  return made;
}

export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: Buffer;
}

/** A real SMTP server. Without options: no login, no encryption. */
export async function mailServer(options: SMTPServerOptions = {}) {
  const received: Received[] = [];
  let connections = 0;
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        received.push({ from, to: envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks) });
        done();
      });
    },
    ...options,
    onConnect(session, done) {
      connections += 1;
      if (options.onConnect) options.onConnect.call(this, session, done);
      else done();
    },
  });
  // A client that gives up is what some tests are about.
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  closers.push(() => new Promise<void>((resolve) => server.close(resolve)));
  const { port } = server.server.address() as AddressInfo;
  return { port, url: `smtp://127.0.0.1:${port}`, received, connections: () => connections };
}

/** What a raw server does at a step: a reply, a cut, or silence. */
export type Act = string | 'cut' | 'silence';

/** Which step of a session: a connection, a command by its first word, the first bytes of the mail, its final dot. */
export type Steps = Partial<
  Record<'connect' | 'EHLO' | 'STARTTLS' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'bytes' | 'dot', Act>
>;

const USUAL: Steps = { connect: '220 raw', EHLO: '250 raw', MAIL: '250 ok', RCPT: '250 ok', DATA: '354 go' };

/**
 * A server that answers each step as told, and else as usual. `lines` is all that it was sent in clear; `steps` may be
 * changed between mails. `reached` resolves when a step is reached for the first time.
 */
export async function rawServer(steps: Steps = {}) {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const waiting = new Map<string, () => void>();
  let connections = 0;

  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    let buffered = '';
    let inData = false;
    const act = (step: keyof Steps, otherwise: Act): void => {
      waiting.get(step)?.();
      const what = steps[step] ?? USUAL[step] ?? otherwise;
      if (what === 'cut') socket.destroy();
      else if (what !== 'silence') socket.write(`${what}\r\n`);
    };
    const read = (): void => {
      for (;;) {
        if (inData) {
          if (buffered !== '') waiting.get('bytes')?.();
          if (buffered !== '' && steps.bytes === 'cut') return void socket.destroy();
          // The line break before the dot is the one that ended the last line, or the command.
          const end = `\r\n${buffered}`.indexOf('\r\n.\r\n');
          if (end === -1) return;
          buffered = buffered.slice(end + 3);
          inData = false;
          act('dot', '250 2.0.0 queued as 1');
        }
        const end = buffered.indexOf('\r\n');
        if (end === -1) return;
        const line = buffered.slice(0, end);
        buffered = buffered.slice(end + 2);
        lines.push(line);
        const word = line.split(' ')[0]!.toUpperCase();
        if (word === 'QUIT') return void socket.end('221 bye\r\n');
        act(word as keyof Steps, word === 'RSET' ? '250 ok' : '502 command not implemented');
        inData = word === 'DATA' && (steps.DATA ?? '354').startsWith('354');
      }
    };
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      buffered += chunk.toString('latin1');
      read();
    });
    act('connect', '220 raw');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `smtp://127.0.0.1:${port}`,
    steps,
    lines,
    connections: () => connections,
    reached: (step: keyof Steps) => new Promise<void>((resolve) => waiting.set(step, resolve)),
  };
}

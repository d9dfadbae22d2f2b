/** A mail server on loopback for the benches: takes every mail, and keeps of it who got it, which it was, and when. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Arrival {
  readonly messageId: string;
  readonly to: readonly string[];
  /** Of `performance.now()`, when the server said yes. */
  readonly atMs: number;
}

export interface MailServer {
  readonly url: string;
  readonly arrivals: Arrival[];
  /** Called with each mail that was taken. */
  onArrival: (arrival: Arrival) => void;
  close(): Promise<void>;
}

/** The headers come first, and a Message-ID is short. */
const HEADER_BYTES = 16_384;

export async function openMailServer(): Promise<MailServer> {
  const arrivals: Arrival[] = [];
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onData(stream, { envelope }, done) {
      let head = '';
      stream.on('data', (chunk: Buffer) => {
        if (head.length < HEADER_BYTES) head += chunk.toString('latin1');
      });
      stream.on('end', () => {
        const messageId = /^Message-ID: (\S+)/im.exec(head)?.[1] ?? '';
        const arrival = { messageId, to: envelope.rcptTo.map(({ address }) => address), atMs: performance.now() };
        arrivals.push(arrival);
        opened.onArrival(arrival);
        done();
      });
    },
  });
  // A service that is killed leaves its connections.
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  const opened: MailServer = {
    ...{ url: `smtp://127.0.0.1:${port}`, arrivals, onArrival: () => undefined },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
  return opened;
}

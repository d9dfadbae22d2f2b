/** Says a few words to Redis over its unix socket without a client library: is it there, is it ready, please stop. */
import { connect } from 'node:net';

/** How long one exchange may take; Redis answers at once, also while it loads. */
const ANSWER_TIMEOUT_MS = 2_000;

/**
 * Sends inline commands and resolves with the last reply's line (`+PONG`, `-LOADING …`), with `closed` when the server
 * hung up, or with undefined when nobody listens there.
 */
export function redisTalk(path: string, password: string, command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let text = '';
    let connected = false;
    const done = (answer: string | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => done('no answer'));
    socket.on('connect', () => {
      connected = true;
      socket.write(`AUTH ${password}\r\n${command}\r\n`);
    });
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const lines = text.split('\r\n');
      if (lines.length > 2) done(lines[1]);
    });
    socket.on('error', () => done(connected ? 'closed' : undefined));
    socket.on('close', () => done(connected ? 'closed' : undefined));
  });
}

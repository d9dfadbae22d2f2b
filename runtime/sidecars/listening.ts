/** Is anybody listening on a unix socket? A file alone says nothing: a killed listener leaves it behind. */
import { connect } from 'node:net';

export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => done(true));
    socket.on('error', () => done(false));
  });
}

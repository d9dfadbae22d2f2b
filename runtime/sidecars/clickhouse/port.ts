/**
 * The port of a data directory: chosen once, kept in a file, so that a client finds the engine again after a restart.
 * When a stranger has taken it meanwhile, clients have sent that stranger our passwords: `moved` says so.
 */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { writeSecret } from '../secret-file.ts';
import { HttpError } from './http-error.ts';
import { PORT_MAX, PORT_MIN, PORT_TRIES_MAX } from './limits.ts';

/** Makes the server listen on loopback; resolves with the port, and whether it is another than last time. */
export async function listenOnOwnPort(server: Server, portFile: string): Promise<{ port: number; moved: boolean }> {
  const last = lastPort(portFile);
  if (last !== undefined && (await listen(server, last))) return { port: last, moved: false };
  for (let tries = 0; tries < PORT_TRIES_MAX; tries += 1) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN + 1));
    if (!(await listen(server, port))) continue;
    writeSecret(portFile, `${port}\n`);
    return { port, moved: last !== undefined };
  }
  throw new HttpError(500, 210, `No free port between ${PORT_MIN} and ${PORT_MAX} on 127.0.0.1.`);
}

function lastPort(portFile: string): number | undefined {
  try {
    const port = Number(readFileSync(portFile, 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function listen(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.off('listening', listening);
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    };
    const listening = () => {
      server.off('error', failed);
      resolve(true);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen(port, '127.0.0.1');
  });
}

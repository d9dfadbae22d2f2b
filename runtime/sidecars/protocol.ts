/**
 * What clients and keeper say to each other over the keeper's socket: one JSON object a line, both ways. The socket
 * lies in a folder of mode 0700, so whoever can speak here may also know the passwords.
 */
import type { Socket } from 'node:net';
import { LINE_BYTES_MAX } from './limits.ts';

export type EngineName = 'redis' | 'clickhouse';

/** How to reach the embedded Redis: a unix socket and its password; no TCP port is open. */
export type RedisCoordinates = { readonly path: string; readonly password: string };

/** How to reach the embedded ClickHouse over HTTP on loopback. */
export type ClickhouseCoordinates = {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly readerUsername: string;
  readonly readerPassword: string;
};

/** The first and only line of a client: which engines it needs. */
export type ClientMessage = { readonly type: 'want'; readonly engines: readonly EngineName[] };

export type KeeperMessage =
  /** Every engine the client wants answers; sent again when one comes back elsewhere. `keeperPid` is for people. */
  | {
      readonly type: 'ready';
      readonly keeperPid: number;
      readonly pids: Readonly<Partial<Record<EngineName, number>>>;
      readonly redis?: RedisCoordinates;
      readonly clickhouse?: ClickhouseCoordinates;
    }
  /** An engine died or did not start; the keeper goes on trying. `final`: who waits for it should give up. */
  | { readonly type: 'trouble'; readonly engine: EngineName; readonly message: string; readonly final: boolean };

export function sendLine(socket: Socket, message: ClientMessage | KeeperMessage): void {
  if (!socket.destroyed && socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls `take` for each whole line; a line that is too long or is no JSON ends the connection. */
export function readLines<T>(socket: Socket, take: (message: T) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    rest += chunk;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      try {
        take(JSON.parse(line) as T);
      } catch (error) {
        socket.destroy(error as Error);
        return;
      }
    }
    if (rest.length > LINE_BYTES_MAX) socket.destroy(new Error('a line of the keeper protocol is too long'));
  });
}

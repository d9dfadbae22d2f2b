/** One client's connection to the keeper: finds it or starts it, says what it wants, passes on what the keeper says. */
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { TransientError } from '../../core/errors.ts';
import { KEEPER_PAUSE_MS, START_FAILURES_MAX } from './limits.ts';
import { lastWords, logSize, openLog } from './log-tail.ts';
import type { SidecarPaths } from './paths.ts';
import { type ClientMessage, type EngineName, type KeeperMessage, readLines, sendLine } from './protocol.ts';
import { childEnv, NODE_OPTIONS_OF_CHILD, siblingProgram } from './self.ts';
import { waitUntil } from './wait.ts';

export type KeeperLink = { close(): Promise<void> };

export type KeeperListener = {
  ready(message: Extract<KeeperMessage, { type: 'ready' }>): void;
  trouble(message: Extract<KeeperMessage, { type: 'trouble' }>): void;
  /** The keeper hung up after it had been ready. */
  lost(): void;
};

/**
 * Resolves when everything in `wanted` answers. Rejects with a `TransientError` when the keeper says that this will not
 * be, or at the deadline; with the signal's reason when that is aborted first.
 */
export async function connectKeeper(
  paths: SidecarPaths,
  wanted: readonly EngineName[],
  lingerMs: number,
  deadlineMs: number,
  listener: KeeperListener,
  signal: AbortSignal,
): Promise<KeeperLink> {
  for (;;) {
    const socket = await reachKeeper(paths, lingerMs, deadlineMs, signal);
    const outcome = await waitReady(socket, wanted, deadlineMs, listener, signal);
    if (outcome !== 'hung-up') return outcome; // it was stopping as we came; the next one waits for it
  }
}

/** A connected socket; starts a keeper when nobody listens, and another only after that one has ended in vain. */
async function reachKeeper(
  paths: SidecarPaths,
  lingerMs: number,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const logFrom = logSize(paths.keeperLog);
  let socket: Socket | undefined;
  let startedAtMs = 0;
  let ended = true;
  let failures = 0;
  await waitUntil(
    async () => {
      signal.throwIfAborted();
      socket = await tryConnect(paths.keeperSocket);
      if (socket === undefined && ended && Date.now() - startedAtMs > KEEPER_PAUSE_MS) {
        startedAtMs = Date.now();
        ended = false;
        startKeeper(paths, lingerMs, (failed) => {
          ended = true;
          if (failed) failures += 1;
        });
      }
      return socket !== undefined || failures >= START_FAILURES_MAX;
    },
    Math.max(deadlineMs - Date.now(), 0),
  );
  if (socket) return socket;
  const words = lastWords(paths.keeperLog, logFrom);
  throw new TransientError('keeper-failed', `The keeper of the embedded engines did not start: ${words}.`);
}

function startKeeper(paths: SidecarPaths, lingerMs: number, onEnd: (failed: boolean) => void): void {
  const log = openLog(paths.keeperLog);
  const program = siblingProgram(import.meta.url, 'keeper');
  const keeper = spawn(process.execPath, [...NODE_OPTIONS_OF_CHILD, program, paths.dataDir, String(lingerMs)], {
    detached: true, // its own session: a Ctrl-C in our terminal must not stop what others use
    stdio: ['ignore', log, log],
    cwd: paths.dataDir,
    env: childEnv(),
  });
  keeper.on('error', () => onEnd(true));
  keeper.on('exit', (code) => onEnd(code !== 0)); // 0: another one was there first
  keeper.unref(); // it outlives us on purpose
  closeSync(log);
}

function tryConnect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}

function waitReady(
  socket: Socket,
  wanted: readonly EngineName[],
  deadlineMs: number,
  listener: KeeperListener,
  signal: AbortSignal,
): Promise<KeeperLink | 'hung-up'> {
  return new Promise((resolve, reject) => {
    let isReady = false;
    let closing = false;
    const fail = (error: Error) => {
      closing = true;
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () =>
        fail(
          new TransientError(
            'engines-slow',
            'The embedded engines did not get ready in time; see logs/ in the data directory.',
          ),
        ),
      Math.max(deadlineMs - Date.now(), 0),
    );
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    const giveUp = () => fail(signal.reason as Error);
    signal.addEventListener('abort', giveUp);
    readLines<KeeperMessage>(socket, (message) => {
      if (message.type === 'trouble') {
        if (!isReady && message.final) fail(new TransientError(`${message.engine}-failed`, message.message));
        else listener.trouble(message);
        return;
      }
      listener.ready(message);
      if (isReady) return;
      isReady = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      resolve({
        async close() {
          closing = true;
          socket.end();
          socket.destroy();
          await closed;
        },
      });
    });
    socket.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      if (closing) return;
      if (isReady) listener.lost();
      else resolve('hung-up');
    });
    const want: ClientMessage = { type: 'want', engines: wanted };
    sendLine(socket, want);
  });
}

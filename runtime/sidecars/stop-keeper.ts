/** Stops the keeper of a data directory, engines included, whoever else is connected. For tests and `stop` commands. */
import { connect } from 'node:net';
import { TransientError } from '../../core/errors.ts';
import { tryKeeperLock } from './keeper-lock.ts';
import { ENGINE_STOP_TIMEOUT_MS } from './limits.ts';
import { sidecarPaths } from './paths.ts';
import { type ClientMessage, type KeeperMessage, readLines, sendLine } from './protocol.ts';
import { waitUntil } from './wait.ts';

/** Resolves when no keeper owns the directory any more. Throws `TransientError` `keeper-stuck` when one stays. */
export async function stopKeeper(dataDir: string): Promise<void> {
  const paths = sidecarPaths(dataDir);
  const pid = await keeperPid(paths.keeperSocket);
  if (pid !== undefined) process.kill(pid, 'SIGTERM');
  const free = await waitUntil(() => {
    const lock = tryKeeperLock(paths.keeperLock);
    lock?.release();
    return lock !== undefined;
  }, 2 * ENGINE_STOP_TIMEOUT_MS);
  if (!free) throw new TransientError('keeper-stuck', `The keeper of ${dataDir} does not stop.`);
}

/** Asks the keeper itself: an answer on its socket is proof that the pid is its own. */
function keeperPid(socketPath: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const want: ClientMessage = { type: 'want', engines: [] };
    socket.on('connect', () => sendLine(socket, want));
    readLines<KeeperMessage>(socket, (message) => {
      if (message.type !== 'ready') return;
      resolve(message.keeperPid);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(undefined));
  });
}

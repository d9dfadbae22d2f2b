/**
 * The one lock that says which keeper owns a data directory. SQLite takes it (`BEGIN EXCLUSIVE` is an fcntl lock on
 * the file), because the kernel frees it with the process, also after `kill -9`: no pid is stored, so none can be stale.
 * Nothing else in this process may open the file: closing any descriptor of it would free an fcntl lock.
 */
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

/** Takes the lock and keeps it until `release` or death; undefined when another process holds it. */
export function tryKeeperLock(path: string): { release(): void } | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

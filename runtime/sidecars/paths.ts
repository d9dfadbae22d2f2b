/**
 * Where everything of one data directory lies. Owns the names, the 0700 and the length of socket paths; whoever is
 * given the same directory, by whatever spelling, gets the same answer, because clients and keeper work it out apart.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PermanentError } from '../../core/errors.ts';
import { SOCKET_PATH_BYTES_MAX } from './limits.ts';

/** Sockets of a deep directory go here. Not `os.tmpdir()`: that follows TMPDIR, which differs between two shells. */
const SHORT_ROOT = '/tmp';

/** Absolute paths inside one data directory. */
export type SidecarPaths = {
  readonly dataDir: string;
  /** Held through SQLite by the one keeper that owns the directory. */
  readonly keeperLock: string;
  readonly keeperSocket: string;
  readonly keeperLog: string;
  readonly credentials: string;
  readonly redisDir: string;
  readonly redisConf: string;
  readonly redisSocket: string;
  readonly redisLog: string;
  readonly redisAlive: string;
  readonly clickhouseDir: string;
  readonly clickhouseSpool: string;
  readonly clickhouseConfig: string;
  readonly clickhousePort: string;
  readonly clickhouseLog: string;
  readonly clickhouseAlive: string;
};

/**
 * The paths of a data directory, which is made (0700) when it is missing.
 * Throws `PermanentError` `data-dir` when it cannot be made, or a folder in it is open to other users.
 */
export function sidecarPaths(dataDir: string): SidecarPaths {
  const dir = ownFolder(dataDir, true); // one that exists keeps its mode; what matters lies in folders of our own
  const run = ownFolder(join(dir, 'run'));
  const logs = ownFolder(join(dir, 'logs'));
  const redisDir = ownFolder(join(dir, 'redis'));
  const clickhouse = ownFolder(join(dir, 'clickhouse'));
  const sockets = socketFolder(run);
  return {
    dataDir: dir,
    keeperLock: join(run, 'keeper.lock'),
    keeperSocket: join(sockets, 'keeper.sock'),
    keeperLog: join(logs, 'keeper.log'),
    credentials: join(dir, 'credentials.json'),
    redisDir,
    redisConf: join(run, 'redis.conf'),
    redisSocket: join(sockets, 'redis.sock'),
    redisLog: join(logs, 'redis.log'),
    redisAlive: join(run, 'redis.alive'),
    clickhouseDir: join(clickhouse, 'data'),
    clickhouseSpool: ownFolder(join(dir, 'tmp')),
    clickhouseConfig: join(clickhouse, 'config.xml'),
    clickhousePort: join(clickhouse, 'port'),
    clickhouseLog: join(logs, 'clickhouse.log'),
    clickhouseAlive: join(run, 'clickhouse.alive'),
  };
}

/** `run/` itself, or, where a socket's path would not fit into sun_path, a private folder named by its hash. */
function socketFolder(run: string): string {
  if (Buffer.byteLength(join(run, 'keeper.sock')) <= SOCKET_PATH_BYTES_MAX) return run;
  const hash = createHash('sha256').update(run).digest('hex').slice(0, 16);
  return ownFolderInTmp(join(SHORT_ROOT, `flowly-${process.getuid?.() ?? 0}-${hash}`));
}

/** Makes a folder of mode 0700 and returns its real path. One of ours that others could enter is refused. */
function ownFolder(path: string, mayBeOpen = false): string {
  try {
    makeFolders(resolve(path));
    const stat = statSync(path);
    if (!mayBeOpen && (stat.mode & 0o077) !== 0) throw new Error('other users may enter it (use chmod 700)');
    return realpathSync(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PermanentError('data-dir', `The data directory ${path} cannot be used: ${why}.`, {
      field: 'FLOWLY_DATA_DIR',
      cause,
    });
  }
}

/** Folder by folder: Node's own recursive way never ends where a parent refuses new names (/proc). */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A folder in /tmp, where anybody may have made one of that name before: it must be ours, and no link. */
function ownFolderInTmp(path: string): string {
  ownFolder(path);
  const stat = lstatSync(path);
  if (stat.isDirectory() && stat.uid === (process.getuid?.() ?? stat.uid)) return path;
  throw new PermanentError('data-dir', `The folder ${path}, which the sockets need, belongs to another user.`);
}

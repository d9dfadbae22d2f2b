/** Finds a Redis that will do: `redis-server` or `valkey-server`, 6.2 or newer, on PATH or where packages put it. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { PermanentError } from '../../core/errors.ts';

const NAMES = ['redis-server', 'valkey-server'] as const;
/** Folders of package managers that are not on every PATH. */
const EXTRA_FOLDERS = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin', '/usr/local/sbin', '/usr/sbin'];
const VERSION_MIN = [6, 2] as const;
const VERSION_TIMEOUT_MS = 10_000;

export type RedisBinary = { readonly command: string; readonly version: readonly [major: number, minor: number] };

/** The first that is new enough. Throws `PermanentError` `redis-missing` with how to get one. */
export async function findRedis(folders = searchedFolders()): Promise<RedisBinary> {
  const tooOld: string[] = [];
  for (const name of NAMES) {
    const command = folders.map((folder) => join(folder, name)).find(isProgram);
    if (command === undefined) continue;
    const version = await versionOf(command);
    if (version[0] > VERSION_MIN[0] || (version[0] === VERSION_MIN[0] && version[1] >= VERSION_MIN[1])) {
      return { command, version };
    }
    tooOld.push(`${name} ${version.join('.')} is too old`);
  }
  const why = tooOld.join('; ') || 'neither redis-server nor valkey-server is installed';
  throw new PermanentError(
    'redis-missing',
    `No usable Redis on this machine (${why}): install 6.2 or newer with "apt-get install redis-server" or ` +
      '"brew install redis", or set REDIS_URL to one that runs elsewhere.',
    { field: 'REDIS_URL' },
  );
}

function searchedFolders(): string[] {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...path, ...EXTRA_FOLDERS];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function versionOf(command: string): Promise<readonly [number, number]> {
  const { stdout } = await promisify(execFile)(command, ['--version'], { timeout: VERSION_TIMEOUT_MS });
  const match = /v=(\d+)\.(\d+)/.exec(stdout);
  if (!match) throw new PermanentError('redis-missing', `"${command} --version" does not say a version.`);
  return [Number(match[1]), Number(match[2])];
}

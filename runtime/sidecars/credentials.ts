/**
 * The secrets of the embedded engines: one file a data directory, mode 0600, written once by the keeper under its lock.
 * New ones are made when the file is missing, and by `mintCredentials` when a stranger took our port (see `port.ts`).
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeSecret } from './secret-file.ts';

/** What the file holds; every value is 32 random bytes in base64url. */
export type Credentials = {
  readonly redisPassword: string;
  readonly writerPassword: string;
  readonly readerPassword: string;
};

const KEYS = ['redisPassword', 'writerPassword', 'readerPassword'] as const;

/** Reads the file, or makes it. A damaged file is an error, never replaced: its owner may be using the old secrets. */
export function loadCredentials(path: string): Credentials {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return mintCredentials(path);
  }
  const value = JSON.parse(text) as Record<string, unknown>;
  for (const key of KEYS) {
    if (typeof value[key] !== 'string' || value[key].length < 16) {
      throw new Error(`${path} has no usable "${key}"; remove the file to get new secrets`);
    }
  }
  return value as Credentials;
}

/** Makes new secrets and stores them; the one of Redis stays when it is given, because Redis may be running with it. */
export function mintCredentials(path: string, redisPassword?: string): Credentials {
  const secret = () => randomBytes(32).toString('base64url');
  const minted = { redisPassword: redisPassword ?? secret(), writerPassword: secret(), readerPassword: secret() };
  writeSecret(path, `${JSON.stringify(minted, null, 2)}\n`);
  return minted;
}

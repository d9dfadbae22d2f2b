/** The file that a command is fed from, or standard input. Owns the words for one that cannot be read. */
import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { PermanentError } from '../../core/errors.ts';

/** Bytes of one read: large enough that reading costs nothing beside parsing. */
const READ_BYTES = 256 * 1024;

/** Opened before anything is started, so that a wrong name costs nothing. `size` is undefined where it cannot be known. */
export function openInput(file: string): { input: Readable; size: number | undefined } {
  if (file === '-') return { input: process.stdin, size: undefined };
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
    return {
      input: createReadStream(file, { highWaterMark: READ_BYTES }),
      size: stat.isFile() ? stat.size : undefined,
    };
  } catch (error) {
    throw readError(error, file);
  }
}

const READ_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission was denied',
  EISDIR: 'it is a folder',
};

/** What went wrong with the file in words; any other error as it is. */
export function readError(error: unknown, file: string): unknown {
  const problem = READ_PROBLEMS[(error as NodeJS.ErrnoException | undefined)?.code ?? ''];
  if (problem === undefined) return error;
  return new PermanentError('file-unreadable', `${file} cannot be read: ${problem}.`, { field: 'FILE', cause: error });
}

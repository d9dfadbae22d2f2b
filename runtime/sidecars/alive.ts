/**
 * Tells whether an engine of an earlier keeper is still alive, without its pid. The engine inherits the open write end
 * of a named pipe; the kernel closes it when the last process that has it dies. So a reader that sees the end of the
 * pipe knows that nobody is left, and one that would have to wait knows that somebody is.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readSync } from 'node:fs';

/** Opens the pipe for an engine to inherit; close it here once the engine has started. */
export function openAlivePipe(path: string): number {
  makePipe(path);
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

/** True while a process that inherited the pipe lives. */
export function someoneAlive(path: string): boolean {
  makePipe(path);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return readSync(fd, Buffer.alloc(1)) !== 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return true;
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Node cannot make named pipes; `mkfifo` is part of every POSIX system. */
function makePipe(path: string): void {
  if (existsSync(path)) return;
  const made = spawnSync('mkfifo', ['-m', '600', path], { encoding: 'utf8' });
  if (made.status !== 0 && !existsSync(path)) throw new Error(`mkfifo ${path} failed: ${made.error ?? made.stderr}`);
}

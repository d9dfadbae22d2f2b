/**
 * One set-up at a time in one folder. The lock is a socket that its holder listens on: the system frees it when the
 * holder ends, also by `kill -9`, so there is no stale lock to clean up and no time-out to wait for.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { keptOpen, root, say } from './common.mjs';

/** Where holders meet. Linux has socket names without a file; elsewhere a file that its holder's end leaves behind. */
function lockName() {
  const name = `flowly-setup-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
  return process.platform === 'linux' ? `\0${name}` : `${tmpdir()}/${name}`;
}

/** Listens on `name`; false when another process does. */
function listen(server, name) {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(name, () => resolve(true));
  });
}

/** Waits until the holder has ended; false when nobody was listening. `onMet` is called when somebody was. */
function waitForHolder(name, onMet) {
  return new Promise((resolve) => {
    let met = false;
    const line = createConnection(name, () => {
      met = true;
      onMet();
    });
    line.on('error', () => {});
    line.on('close', () => resolve(met));
    line.resume();
  });
}

/** Runs `work` while no other process runs its own under this lock, and gives what it gives. */
export async function once(work) {
  const name = lockName();
  const lines = new Set();
  const server = createServer((line) => {
    lines.add(line);
    line.on('error', () => {});
    line.on('close', () => lines.delete(line));
    line.resume();
  });
  let said = false;
  const onMet = () => {
    if (!said) say('setup: waiting for another set-up of this folder');
    said = true;
  };
  while (!(await listen(server, name))) {
    if (!(await waitForHolder(name, onMet)) && !name.startsWith('\0')) rmSync(name, { force: true });
  }
  // Not documented, but the only way to the number; without it the lock is merely freed before npm has ended.
  const fd = server._handle?.fd;
  if (fd > 2) keptOpen.push(fd);
  try {
    return await work();
  } finally {
    keptOpen.length = 0;
    for (const line of lines) line.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

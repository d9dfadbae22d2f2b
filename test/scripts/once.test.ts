/** scripts/lib/once.mjs, in a folder of its own: one holder at a time, free again however the holder ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

/** Says that it is in, and leaves when told to on standard input. */
const HOLDER = `
import { once } from './scripts/lib/once.mjs';
import { once as event } from 'node:events';
await once(async () => {
  console.log('in');
  await event(process.stdin, 'data');
  console.log('out');
});
process.stdin.destroy();`;

let folder: string;
const holders: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/flowly-once-`);
  cpSync('scripts/lib', `${folder}/scripts/lib`, { recursive: true });
});

afterEach(() => {
  for (const holder of holders.splice(0)) holder.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a process that takes the lock; its lines, standard error among them, come one at a time. */
function hold() {
  const child = spawn('sh', ['-c', `exec "$0" --input-type=module -e "$1" 2>&1`, process.execPath, HOLDER], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  holders.push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value as string | undefined };
}

const WAITING = 'setup: waiting for another set-up of this folder';

test('a second one waits until the first has left', async () => {
  const first = hold();
  expect(await first.line()).toBe('in');
  const second = hold();
  expect(await second.line()).toBe(WAITING);
  first.child.stdin.write('leave\n');
  expect(await first.line()).toBe('out');
  expect(await second.line()).toBe('in');
});

test('a killed holder leaves the lock free', async () => {
  const first = hold();
  expect(await first.line()).toBe('in');
  const second = hold();
  expect(await second.line()).toBe(WAITING);
  first.child.kill('SIGKILL');
  expect(await second.line()).toBe('in');
});

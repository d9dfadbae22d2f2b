/**
 * bin/flowly-credits.js, in a folder of its own with a small program in the place of the real one. An old Node is
 * played by telling the launcher another version of the one that runs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const OLD_NODE = 'Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.19.0"}})';

/** Prints its process id and each signal it gets; ends with the code it was called with, at SIGTERM when told to wait. */
const PROGRAM = `
import { once } from 'node:events';
export async function main([code, word]) {
  // Before it says that it is there: from then on it may be told to stop.
  const told = once(process, 'SIGTERM');
  console.log('pid ' + process.pid);
  if (word !== 'wait') return Number(code);
  const timer = setInterval(() => {}, 1000);
  await told;
  clearInterval(timer);
  console.log('SIGTERM');
  return Number(code);
}`;

let folder: string;
let launcher: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/flowly-launcher-`);
  cpSync('bin/flowly-credits.js', `${folder}/bin/flowly-credits.js`);
  writeFileSync(`${folder}/package.json`, '{"type":"module"}');
  mkdirSync(`${folder}/dist/cli`, { recursive: true });
  writeFileSync(`${folder}/dist/cli/main.js`, PROGRAM);
  mkdirSync(`${folder}/node_modules/node/bin`, { recursive: true });
  symlinkSync(process.execPath, `${folder}/node_modules/node/bin/node`);
});

afterEach(() => {
  launcher?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the launcher; its lines come one at a time from `line()`, undefined at the end, and all errors from `errors()`. */
function launch(args: readonly string[], nodeFlags: readonly string[] = []) {
  const env = { ...process.env };
  delete env.npm_lifecycle_event;
  delete env.NODE_OPTIONS;
  const child = spawn(process.execPath, [...nodeFlags, `${folder}/bin/flowly-credits.js`, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  launcher = child;
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const line = async (): Promise<string | undefined> => (await lines.next()).value;
  const pid = async (): Promise<number> => Number((await line())?.slice('pid '.length));
  return { child, line, pid, errors: () => errors };
}

const oldNode = ['--import', `data:text/javascript,${OLD_NODE}`];

describe.each([
  ['a Node that is new enough', [], true],
  ['an old Node', oldNode, false],
] as const)('on %s', (_name, flags, runsItself) => {
  test('gives the exit code of the program', async () => {
    const { child, pid } = launch(['3'], flags);
    expect((await pid()) === child.pid).toBe(runsItself);
    expect(await once(child, 'close')).toEqual([3, null]);
  });

  test('lets the program stop at SIGTERM, and waits for it', async () => {
    const { child, pid, line } = launch(['4', 'wait'], flags);
    await pid();
    child.kill('SIGTERM');
    expect(await line()).toBe('SIGTERM');
    expect(await once(child, 'close')).toEqual([4, null]);
  });

  test('says what to do when it is not built', async () => {
    rmSync(`${folder}/dist`, { recursive: true });
    const { child, errors } = launch(['0'], flags);
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(errors()).toBe('flowly-credits: it is not built yet: run `npm run setup` in its folder\n');
  });
});

describe('on an old Node', () => {
  test('stops the program when the launcher is killed', async () => {
    const { child, pid, line } = launch(['0', 'wait'], oldNode);
    await pid();
    child.kill('SIGKILL');
    expect(await line()).toBe('SIGTERM');
    expect(await line()).toBeUndefined();
  });

  test('ends by the signal that ended the program', async () => {
    const { child, pid } = launch(['0', 'wait'], oldNode);
    process.kill(await pid(), 'SIGKILL');
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
  });

  test.each([
    ['in a clone', true, 'Node 20.19.0 is too old and Node 24 is not installed here yet: run `npm run setup`'],
    ['installed', false, 'Node 22.22 or newer is needed, this is 20.19.0: install a newer one'],
  ])('says what to do without a newer one, %s', async (_where, isClone, words) => {
    rmSync(`${folder}/node_modules`, { recursive: true });
    if (isClone) {
      mkdirSync(`${folder}/scripts`);
      writeFileSync(`${folder}/scripts/setup.mjs`, '');
    }
    const { child, errors } = launch(['0'], oldNode);
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(errors()).toBe(`flowly-credits: ${words}\n`);
  });
});

test('stops with the npm that started it', async () => {
  // npm runs a command through a shell that passes nothing on.
  const shell = spawn('sh', ['-c', `"${process.execPath}" bin/flowly-credits.js 0 wait; exit`], {
    cwd: folder,
    env: { ...process.env, npm_lifecycle_event: 'start' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  launcher = shell;
  const lines = createInterface(shell.stdout)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toMatch(/^pid \d+$/);
  shell.kill('SIGKILL');
  expect((await lines.next()).value).toBe('SIGTERM');
  expect((await lines.next()).done).toBe(true);
});

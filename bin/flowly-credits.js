#!/usr/bin/env node
/**
 * The command as npm and npx start it. Owns which Node runs the program; what the program does is dist/cli/main.js.
 * A Node older than the program needs starts the project's own Node 24 on this same file and passes signals and the
 * exit code on. Needs no package and no newer syntax than Node 18 has, since it runs before both are certain.
 * Invariant: the program never outlives what started it, be that this launcher or npm, however that ended.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const inClone = existsSync(`${root}scripts/setup.mjs`);

/** Tells the program which of its open files is the line to the launcher that started it. */
const launcherFdVariable = 'FLOWLY_LAUNCHER_FD';

/** How long a program whose starter is gone may take to stop by itself: above any graceful stop of the service. */
const orphanStopMsMax = 60_000;

/** How often to look whether npm is still there: soon enough for a person, too seldom to cost anything. */
const npmLookIntervalMs = 500;

/** Whether the running Node can load the program (`engines` in package.json). */
function isNodeNewEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 22);
}

function fail(message) {
  process.stderr.write(`flowly-credits: ${message}\n`);
  process.exitCode = 1;
}

/** Runs this file again with the project's own Node. Ends as the program ends: same exit code, same signal. */
function launch(node) {
  stopWithNpm();
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // The fourth is a pipe that nobody writes to: it closes when this process ends, however it ends.
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, [launcherFdVariable]: '3' },
  });
  // A terminal sends Ctrl-C, and that it is closed, to the program too; a second signal would force it.
  const isAtTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'];
  for (const signal of signals) {
    process.on(signal, () => {
      if (signal === 'SIGTERM' || !isAtTerminal) child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    for (const each of signals) process.removeAllListeners(each);
    if (signal === null) process.exit(code);
    process.kill(process.pid, signal);
    // A signal that does not end a process (none known) must not leave this one waiting.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 1_000);
  });
}

/** Stops this process as a SIGTERM does, and for good after `orphanStopMsMax`. */
function stopOrphan() {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), orphanStopMsMax).unref();
}

/** Stops the program when its launcher is gone. */
function stopWithLauncher(fd) {
  const line = new Socket({ fd, readable: true, writable: false });
  line.on('error', () => line.destroy());
  line.on('close', stopOrphan);
  line.resume();
  line.unref();
}

/** The name and the parent of a process, where the system tells (Linux). */
function processStatus(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return { name: /^Name:\s*(.*)$/m.exec(status)?.[1], parent: /^PPid:\s*(\d+)$/m.exec(status)?.[1] };
  } catch {
    return {};
  }
}

/**
 * Stops when npm is gone. npm (`npx`, `npm start`) runs a command through a shell and passes a SIGTERM on to that
 * shell alone, a `kill -9` not even there: the command would stay behind. So this looks whether its parents changed.
 */
function stopWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parents = () => {
    const { name, parent } = processStatus(process.ppid);
    return /^(ba|da|z|k|a)?sh$/.test(name) ? `${process.ppid} ${parent}` : `${process.ppid}`;
  };
  const atStart = parents();
  const timer = setInterval(() => {
    if (parents() === atStart) return;
    clearInterval(timer);
    stopOrphan();
  }, npmLookIntervalMs);
  timer.unref();
}

async function run() {
  const main = `${root}dist/cli/main.js`;
  if (!existsSync(main)) return fail('it is not built yet: run `npm run setup` in its folder');
  const fd = process.env[launcherFdVariable];
  delete process.env[launcherFdVariable];
  if (fd === undefined) stopWithNpm();
  else stopWithLauncher(Number(fd));
  const program = await import(pathToFileURL(main).href);
  process.exitCode = await program.main(process.argv.slice(2));
}

if (isNodeNewEnough()) {
  await run();
} else {
  const node = `${root}node_modules/node/bin/node`;
  if (existsSync(node)) launch(node);
  else if (inClone)
    fail(`Node ${process.versions.node} is too old and Node 24 is not installed here yet: run \`npm run setup\``);
  else fail(`Node 22.22 or newer is needed, this is ${process.versions.node}: install a newer one`);
}

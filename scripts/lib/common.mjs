/**
 * What every script here shares: the project's folder, running a program quietly or in plain view, and stopping with
 * one line that a person can act on. The scripts run before packages are installed, on any Node from 18 on: nothing
 * in this folder may need a package. They talk on standard error, since `npm run demo` may be asked for JSON.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, without a slash at its end. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** An error whose message is all that a person needs: printed without a stack. */
export class Stop extends Error {}

/** Says one thing that was done or is under way. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs a script's main function; a `Stop` ends it with one line and exit code 1. */
export async function script(main) {
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

/** The PATH without the project's own node_modules/.bin: what the machine itself offers. */
export function machinePath() {
  const own = `${root}/node_modules/.bin`;
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== own)
    .join(delimiter);
}

/** Folders of package managers that are not on every PATH; runtime/ looks there for its Redis too. */
const moreFolders = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin', '/usr/local/sbin'];

/** The first program of this name on the machine, or undefined. */
export function findProgram(name) {
  for (const folder of [...machinePath().split(delimiter), ...moreFolders]) {
    if (folder !== '' && existsSync(`${folder}/${name}`)) return `${folder}/${name}`;
  }
  return undefined;
}

/** The Node that runs the project: its own Node 24, or the running one where that is not installed. */
export function projectNode() {
  const own = `${root}/node_modules/node/bin/node`;
  return existsSync(own) ? own : process.execPath;
}

/**
 * Open files that every program started by `run` keeps open too. The set-up's lock is one: should the set-up be killed
 * while npm works on, the lock is free only when npm has ended.
 */
export const keptOpen = [];

/**
 * Runs a program to its end in the project's folder and gives `{code, output}`; a program that a signal ended has a
 * code of 1 or more. `show: true` lets it write to the terminal; otherwise what it writes is collected.
 * A signal to this process goes to the program, and ends this process when the program has ended.
 */
export function run(program, args, { show = false, env = process.env, cwd = root } = {}) {
  return new Promise((resolve) => {
    const stdio = show ? ['inherit', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'];
    const child = spawn(program, args, { cwd, env, stdio: [...stdio, ...keptOpen] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    let isStopped = false;
    const stop = (signal) => {
      isStopped = true;
      // A terminal's Ctrl-C reaches the program by itself.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'];
    for (const signal of signals) process.on(signal, stop);
    const done = (code) => {
      for (const signal of signals) process.off(signal, stop);
      if (isStopped) process.exit(1);
      resolve({ code, output });
    };
    child.on('error', (error) => {
      output += error.message;
      done(127);
    });
    child.on('close', (code) => done(code ?? 1));
  });
}

/** The first lines of what a failed program wrote: compilers say there what to mend. */
export function firstLines(output, linesMax = 30) {
  return output.trim().split('\n').slice(0, linesMax).join('\n');
}

/** The last lines of what a failed program wrote: installers say there what went wrong. */
export function lastLines(output, linesMax = 30) {
  return output.trim().split('\n').slice(-linesMax).join('\n');
}

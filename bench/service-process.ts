/** The service in a process of its own, as `start` runs it, so that it can be killed for real. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface ServiceProcess {
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves when it has stopped by itself. */
  stop(): Promise<void>;
}

/** Starts it and resolves when it says that it is ready. `env` are its settings, and all of them. */
export async function startServiceProcess(env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [resolve('bin/flowly-credits.js'), 'start', '--json'], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // What it says to people is none of a bench's; a line of its log is an error.
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('{')) console.error(line);
  });
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('"ready":true')) break;
  if (child.exitCode !== null) throw new Error('The service ended before it was ready.');
  return { kill: () => end(child, ended, 'SIGKILL'), stop: () => end(child, ended, 'SIGTERM') };
}

async function end(child: ChildProcess, ended: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await ended;
}

/** The command line as processes of their own, run from the sources: for signals, kills and closed pipes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '../support/until.ts';

const ENTRY = fileURLToPath(new URL('./entry.mjs', import.meta.url));

export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when standard error holds the text. */
  said(text: string): Promise<void>;
  /** Resolves to the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

const running = new Set<ChildProcess>();

export function start(argv: readonly string[], env: Record<string, string>): Running {
  const child = spawn(process.execPath, [ENTRY, ...argv], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return (signal ?? code) as number | NodeJS.Signals;
  });
  const said = (text: string): Promise<void> =>
    until(`"${text}" on standard error`, () => {
      if (child.exitCode !== null && !stderr.includes(text))
        throw new Error(`It ended without saying "${text}": ${stderr}`);
      return stderr.includes(text);
    });
  return { child, stdout: () => stdout, stderr: () => stderr, said, ended };
}

/** Ends whatever a failed test left running. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

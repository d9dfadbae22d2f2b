/** The command line as processes of their own, run from the sources: for signals, kills and closed pipes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('./entry.mjs', import.meta.url));
/** Far above what any step takes on a busy machine; a test fails, and says what was written, instead of hanging. */
const WAIT_MS_MAX = 40_000;
const LOOK_MS = 10;

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
    until(async () => {
      if (child.exitCode !== null && !stderr.includes(text))
        throw new Error(`It ended without saying "${text}": ${stderr}`);
      return stderr.includes(text);
    }, `"${text}" in: ${stderr}`);
  return { child, stdout: () => stdout, stderr: () => stderr, said, ended };
}

/** Ends whatever a failed test left running. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Looks until the condition holds, for a bounded time. */
export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited ${WAIT_MS_MAX / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

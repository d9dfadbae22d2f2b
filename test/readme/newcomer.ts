/**
 * A newcomer's folder: the packages as `npm install` would leave them, the README's files, and nothing else. Programs
 * and shell lines run in it as written, with the service's data in its own `.flowly`.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stopKeeper } from '../../runtime/sidecars/stop-keeper.ts';
import { until } from '../support/until.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** Everything it wrote, both streams. */
  said(text: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

export interface Newcomer {
  readonly path: string;
  write(name: string, text: string): void;
  start(program: string, ...args: string[]): Running;
  run(program: string, ...args: string[]): Promise<Ended>;
  remove(): Promise<void>;
}

/** Builds the package when its sources have changed, and makes the folder. */
export function makeNewcomer(): Newcomer {
  const built = spawnSync(process.execPath, ['scripts/setup.mjs', '--no-redis'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The package could not be built: ${built.stdout}${built.stderr}`);
  const path = mkdtempSync(join(tmpdir(), 'flowly-readme-'));
  const modules = join(path, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  symlinkSync(resolve('.'), join(modules, 'flowly-credits'));
  for (const name of ['bullmq', 'ioredis', '@types']) symlinkSync(resolve('node_modules', name), join(modules, name));
  symlinkSync('../flowly-credits/bin/flowly-credits.js', join(modules, '.bin', 'flowly-credits'));
  symlinkSync(process.execPath, join(modules, '.bin', 'node'));
  // Settings of the tests' own shell, and what npm tells a script that it runs, are none of a newcomer's.
  const env = {
    PATH: `${join(modules, '.bin')}:${process.env.PATH}`,
    HOME: process.env.HOME,
    TMPDIR: tmpdir(),
    NO_COLOR: '1',
    npm_config_loglevel: 'error',
  };
  const children = new Set<ChildProcess>();
  const start = (program: string, ...args: string[]): Running => {
    const child = spawn(program, args, { cwd: path, env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = once(child, 'close').then(([code]) => {
      children.delete(child);
      return { code: code as number | null, stdout, stderr };
    });
    const said = (text: string): Promise<void> =>
      until(`${program} to say "${text}"`, () => {
        if (`${stdout}${stderr}`.includes(text)) return true;
        if (child.exitCode !== null) throw new Error(`It ended without saying "${text}": ${stdout}${stderr}`);
        return false;
      });
    return { child, said, ended };
  };
  return {
    path,
    start,
    write: (name, text) => writeFileSync(join(path, name), text),
    run: (program, ...args) => start(program, ...args).ended,
    async remove() {
      for (const child of children) child.kill('SIGKILL');
      await stopKeeper(join(path, '.flowly'));
      rmSync(path, { recursive: true, force: true });
    },
  };
}

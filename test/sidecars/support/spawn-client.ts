/** Starts `client-program.ts`; one that is still there after the test file is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
import { childEnv, NODE_OPTIONS_OF_CHILD } from '../../../runtime/sidecars/self.ts';
import { SHORT_LINGER_MS } from './data-dir.ts';

export type SpawnedClient = {
  readonly pid: number;
  /** What it printed once its engines were open. */
  readonly pids: Promise<{ keeper: number; redis: number; clickhouse: number }>;
  /** Lets it end by itself; resolves with its exit code. */
  leave(): Promise<number | null>;
  kill(): Promise<void>;
};

const children: ChildProcess[] = [];

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

export function spawnClient(dataDir: string): SpawnedClient {
  const program = fileURLToPath(new URL('client-program.ts', import.meta.url));
  const child = spawn(process.execPath, [...NODE_OPTIONS_OF_CHILD, program, dataDir, String(SHORT_LINGER_MS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: childEnv(),
  });
  children.push(child);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const pids = (async () => {
    for await (const chunk of child.stdout) return JSON.parse(String(chunk));
    throw new Error('the client ended before its engines were open');
  })();
  return {
    pid: child.pid ?? 0,
    pids,
    async leave() {
      child.stdin.end();
      return (await exited)[0];
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/**
 * The embedded ClickHouse, as the keeper sees it: a child process of our own (`clickhouse/main.ts`) that holds chDB and
 * speaks HTTP. It stops by itself when the keeper is gone (its IPC channel closes), so a new keeper only has to wait.
 */
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { TransientError } from '../../core/errors.ts';
import { openAlivePipe, someoneAlive } from './alive.ts';
import { CHDB_THREADS } from './clickhouse/limits.ts';
import type { EngineReport } from './clickhouse/report.ts';
import type { RunningEngine } from './engine.ts';
import { ENGINE_START_TIMEOUT_MS, ENGINE_STOP_TIMEOUT_MS, PREDECESSOR_TIMEOUT_MS } from './limits.ts';
import { lastWords, logSize, openLog } from './log-tail.ts';
import type { SidecarPaths } from './paths.ts';
import type { ClickhouseCoordinates } from './protocol.ts';
import { childEnv, NODE_OPTIONS_OF_CHILD, siblingProgram } from './self.ts';
import { waitUntil } from './wait.ts';

/** Starts chDB behind its HTTP server and resolves when it answers. */
export async function startClickhouse(paths: SidecarPaths): Promise<RunningEngine<ClickhouseCoordinates>> {
  if (!(await waitUntil(() => !someoneAlive(paths.clickhouseAlive), PREDECESSOR_TIMEOUT_MS))) {
    throw new TransientError('clickhouse-busy', `A ClickHouse of an earlier run still holds ${paths.clickhouseDir}.`);
  }
  const log = openLog(paths.clickhouseLog);
  const logFrom = logSize(paths.clickhouseLog);
  const alive = openAlivePipe(paths.clickhouseAlive);
  const program = siblingProgram(import.meta.url, 'clickhouse/main');
  const child = spawn(process.execPath, [...NODE_OPTIONS_OF_CHILD, program, paths.dataDir], {
    stdio: ['ignore', log, log, 'ipc', alive],
    // UTC, whoever starts it: a DateTime without a zone must not depend on the terminal of the first command.
    env: childEnv({ UV_THREADPOOL_SIZE: String(CHDB_THREADS), TZ: 'UTC' }),
  });
  closeSync(log);
  closeSync(alive);

  let ended = false;
  const exited = new Promise<string>((resolve) => {
    const end = (how: string) => {
      ended = true;
      resolve(`ClickHouse ended (${how}): ${lastWords(paths.clickhouseLog, logFrom)}.`);
    };
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  });
  let report: EngineReport | undefined;
  child.on('message', (message) => {
    report = message as EngineReport;
  });

  const stop = async () => {
    if (child.connected) child.disconnect();
    if (await waitUntil(() => ended && !someoneAlive(paths.clickhouseAlive), ENGINE_STOP_TIMEOUT_MS)) return;
    child.kill('SIGKILL'); // by then it has had three times what its own watchdog allows it
    await exited;
  };
  await waitUntil(() => ended || report !== undefined, ENGINE_START_TIMEOUT_MS);
  if (ended) throw new TransientError('clickhouse-failed', `ClickHouse did not start. ${await exited}`);
  if (report === undefined) {
    await stop();
    throw new TransientError(
      'clickhouse-failed',
      `ClickHouse did not get ready in time: ${lastWords(paths.clickhouseLog, logFrom)}.`,
    );
  }
  return { coordinates: report.coordinates, pid: child.pid ?? 0, died: exited, stop };
}

/**
 * The embedded Redis: the machine's own server under a warden, so that it stops with its keeper. A Redis left by an
 * earlier keeper is asked to stop and waited for; two never run on one directory.
 */
import { closeSync, rmSync } from 'node:fs';
import { TransientError } from '../../core/errors.ts';
import { openAlivePipe, someoneAlive } from './alive.ts';
import type { RunningEngine } from './engine.ts';
import { ENGINE_START_TIMEOUT_MS, ENGINE_STOP_TIMEOUT_MS, PREDECESSOR_TIMEOUT_MS } from './limits.ts';
import { lastWords, logSize, openLog } from './log-tail.ts';
import type { SidecarPaths } from './paths.ts';
import type { RedisCoordinates } from './protocol.ts';
import { findRedis } from './redis-binary.ts';
import { redisConf } from './redis-conf.ts';
import { redisTalk } from './redis-talk.ts';
import { writeSecret } from './secret-file.ts';
import { waitUntil } from './wait.ts';
import { runUnderWarden, type Warden } from './warden.ts';

/** Starts Redis and resolves when it answers; loading its file may take a while. */
export async function startRedis(paths: SidecarPaths, password: string): Promise<RunningEngine<RedisCoordinates>> {
  const { command, version } = await findRedis();
  if (!(await shutDown(paths, password, PREDECESSOR_TIMEOUT_MS))) {
    throw new TransientError('redis-busy', `A Redis of an earlier run still holds ${paths.redisDir} and goes on.`);
  }
  rmSync(paths.redisSocket, { force: true });
  writeSecret(paths.redisConf, redisConf(paths, password, version[0]));
  const logFrom = logSize(paths.redisLog);
  const warden = launch(paths, command);
  const died = warden.ended.then((how) => `Redis ended (${how}): ${lastWords(paths.redisLog, logFrom)}.`);

  const stop = async () => {
    warden.stop();
    if (!(await shutDown(paths, password, ENGINE_STOP_TIMEOUT_MS))) {
      throw new TransientError('redis-stuck', `Redis did not stop within ${ENGINE_STOP_TIMEOUT_MS} ms.`);
    }
    rmSync(paths.redisSocket, { force: true });
  };
  let answer: string | undefined;
  const answers = await waitUntil(async () => {
    if (warden.hasEnded()) return true;
    answer = await redisTalk(paths.redisSocket, password, 'PING');
    return answer === '+PONG';
  }, ENGINE_START_TIMEOUT_MS);
  if (warden.hasEnded()) throw new TransientError('redis-failed', `Redis did not start. ${await died}`);
  if (!answers) {
    await stop();
    throw new TransientError('redis-failed', `Redis did not get ready in time; its last answer was "${answer}".`);
  }
  return { coordinates: { path: paths.redisSocket, password }, pid: warden.pid(), died, stop };
}

function launch(paths: SidecarPaths, command: string): Warden {
  const log = openLog(paths.redisLog);
  const alive = openAlivePipe(paths.redisAlive);
  try {
    return runUnderWarden(command, paths.redisConf, paths.redisDir, log, alive);
  } finally {
    closeSync(log);
    closeSync(alive);
  }
}

/** Asks whatever Redis there is to stop, as long as one lives; false when it outlives the time. It writes out first. */
function shutDown(paths: SidecarPaths, password: string, timeoutMs: number): Promise<boolean> {
  return waitUntil(async () => {
    if (!someoneAlive(paths.redisAlive)) return true;
    await redisTalk(paths.redisSocket, password, 'SHUTDOWN');
    return !someoneAlive(paths.redisAlive);
  }, timeoutMs);
}

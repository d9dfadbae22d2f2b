/**
 * The ClickHouse process: `node main DATA_DIR`, started by the keeper. Opens chDB, listens, reports its coordinates over
 * IPC. Stops when asked (SIGTERM, SIGINT) and when the keeper is gone, which closes the IPC channel, however it died.
 */
import { Worker } from 'node:worker_threads';
import { loadCredentials, mintCredentials } from '../credentials.ts';
import { sidecarPaths } from '../paths.ts';
import { siblingProgram } from '../self.ts';
import { pause } from '../wait.ts';
import { writeEngineConfig } from './config-xml.ts';
import { type Engine, openEngine } from './engine.ts';
import { ANSWER_MS_MAX, STOP_MS_MAX } from './limits.ts';
import { listenOnOwnPort } from './port.ts';
import type { EngineReport } from './report.ts';
import { clickhouseServer } from './server.ts';

const paths = sidecarPaths(process.argv[2] ?? '');
const engine = open();
process.title = 'flowly-clickhouse';
let secrets = loadCredentials(paths.credentials);
const { server, settled } = clickhouseServer(engine, () => secrets);
const { port, moved } = await listenOnOwnPort(server, paths.clickhousePort);
if (moved) secrets = { ...mintCredentials(paths.credentials, secrets.redisPassword) };

/** chDB writes its reason to standard error by itself; a stack trace after it would only hide it. */
function open(): Engine {
  try {
    return openEngine(paths.clickhouseDir, paths.clickhouseSpool, writeEngineConfig(paths.clickhouseConfig));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  new Worker(siblingProgram(import.meta.url, 'watchdog'), { workerData: STOP_MS_MAX });
  server.close();
  server.closeIdleConnections();
  await engine.finish();
  await Promise.race([settled(), pause(ANSWER_MS_MAX)]);
  server.closeAllConnections();
  engine.close();
  process.exit(0);
}
for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.on(event, () => void stop());

const report: EngineReport = {
  coordinates: {
    url: `http://127.0.0.1:${port}`,
    username: 'writer',
    password: secrets.writerPassword,
    readerUsername: 'reader',
    readerPassword: secrets.readerPassword,
  },
};
if (process.connected) process.send?.(report);
else await stop(); // the keeper went while we were starting

/**
 * A thread of its own that kills this process after a while. chDB can hang for ever while it closes (tried: exit with a
 * query running), and then no timer of the main thread fires. Loaded by `main.ts` as a worker when it begins to stop.
 */
import { workerData } from 'node:worker_threads';

setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(workerData));

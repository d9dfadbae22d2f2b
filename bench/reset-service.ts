/**
 * The process that the bench `reset` measures: the workers and the scheduled jobs of one service on the engines of the
 * data directory, without a notifier, so that no mail and no job for a platform is made. Says `ready`, ends with SIGTERM.
 */
import { once } from 'node:events';
import { recordedBook, runSchedule } from '../cli/service.ts';
import { withSystem } from '../cli/system.ts';
import { readConfig } from '../runtime/config.ts';
import { createLog } from '../runtime/log.ts';
import { startService } from '../workers/service.ts';

const config = readConfig(process.env);
const log = createLog({ level: 'warn' });
await withSystem({ config, log }, async (system) => {
  const stopping = new AbortController();
  const { ledger, clickhouse, connect } = system;
  const service = await startService({
    context: ledger,
    queueConnection: await connect({ name: 'queues', patient: true }),
    flushConnection: await connect({ name: 'flusher', patient: false }),
    leaseConnection: await connect({ name: 'lease', patient: false }),
    ...{ clickhouse, log, book: await recordedBook(system) },
    ...{ acceptDays: config.acceptDays, usageConcurrency: config.usageConcurrency },
  });
  const schedule = await runSchedule(system, stopping.signal);
  process.send!('ready');
  await once(process, 'SIGTERM');
  stopping.abort();
  await schedule.close();
  await service.stop();
});
process.disconnect();

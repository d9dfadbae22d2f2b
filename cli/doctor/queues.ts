/** Whether jobs are taken: how many wait in each queue, for how long, and whether somebody works. */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { partitionTag } from '../../ledger/keys.ts';
import { ACCOUNTS_QUEUE, JOBS_QUEUE, openQueue, USAGE_QUEUE } from '../../workers/queues.ts';
import { plural } from '../terminal/format.ts';
import { type Check, check, type Finding, ok, type Whole, warn } from './check.ts';
import { age } from './ledger.ts';

/** A service that works takes a job within this time, unless it is far behind. */
const WAIT_WARN_MS = 60_000;

export const queueChecks: readonly Check[] = [USAGE_QUEUE, ACCOUNTS_QUEUE, JOBS_QUEUE].map((name) =>
  check(`queue-${name}`, ['redis'], (patient) => lookAt(patient, name)),
);

async function lookAt({ redis, log }: Whole<'redis'>, name: string): Promise<Finding> {
  const queue = openQueue(name, redis, partitionTag(0));
  // What fails is told by the call that failed.
  queue.on('error', (error) => log.debug({ event: 'queue-error', queue: name, err: error }, 'a queue failed'));
  try {
    const counts = await queue.getJobCounts('wait', 'active', 'failed');
    const [waiting, active, failed] = [counts.wait ?? 0, counts.active ?? 0, counts.failed ?? 0];
    const workers = await queue.getWorkersCount();
    const waited = await oldestAge(redis, queue);
    const works = workers === 0 ? 'no service runs' : `${plural(workers, 'worker')}`;
    const oldest = waited === undefined ? '' : `, the oldest for ${age(waited)}`;
    const detail = `${plural(waiting, 'job')} waiting${oldest}, ${active} in hand, ${failed} failed; ${works}`;
    if (failed > 0)
      return warn(detail, 'a running service puts failed jobs back within a minute: flowly-credits start');
    if (waited === undefined || waited < WAIT_WARN_MS) return ok(detail);
    return warn(
      detail,
      workers === 0
        ? 'flowly-credits start takes them'
        : 'the log of the service says why it is behind: usage pauses while ClickHouse is away or Redis is full',
    );
  } finally {
    await queue.close();
  }
}

/** How long the job that is next has been there, ms; undefined where none waits. */
async function oldestAge(redis: Redis, queue: Queue): Promise<number | undefined> {
  const id = await redis.lindex(queue.toKey('wait'), -1);
  if (id === null) return undefined;
  const at = Number(await redis.hget(queue.toKey(id), 'timestamp'));
  return Number.isFinite(at) && at > 0 ? Math.max(0, Date.now() - at) : undefined;
}

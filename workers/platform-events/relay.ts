/**
 * From the outbox of platform events to the queue that the platform listens to, in the order they were decided. An entry is
 * trimmed once Redis has acknowledged its jobs: so each is told at least once, and after a crash perhaps twice.
 * Invariant: nothing is trimmed that was not added, but for the oldest of an outbox beyond its bound; those are counted.
 */
import type { JobsOptions, Queue } from 'bullmq';
import { fenceArguments, type LedgerContext } from '../../ledger/context.ts';
import { redisError } from '../../ledger/scripts.ts';
import type { FlushLog } from '../flush/log.ts';
import type { NotifyLimits } from '../notify/limits.ts';
import type { NotifyPoint, Term } from '../notify/send-mail.ts';
import type { Stirring } from '../notify/stirring.ts';
import {
  ATTEMPT_BACKOFF_MS,
  ATTEMPTS,
  FAILED_JOBS_MAX,
  FULL_LOOK_MS,
  OUTBOX_ENTRIES_MAX,
  QUEUE_JOBS_MAX,
  RELAY_ENTRIES_MAX,
  RELAY_EVENTS_MAX,
} from './limits.ts';

export interface RelayOptions {
  readonly context: LedgerContext;
  readonly queue: Queue;
  readonly stirring: Stirring;
  readonly limits: Pick<NotifyLimits, 'pollMs' | 'lookMsMin'> & RelayBounds;
  readonly log: FlushLog;
  readonly passed: (point: NotifyPoint) => Promise<void>;
}

/** Smaller bounds, for tests. */
export interface RelayBounds {
  readonly queueJobsMax?: number;
  readonly outboxEntriesMax?: number;
}

interface Entry {
  readonly sequence: number;
  readonly lines: readonly string[];
}

const JOB: JobsOptions = {
  attempts: ATTEMPTS,
  backoff: { type: 'exponential', delay: ATTEMPT_BACKOFF_MS },
  removeOnComplete: true,
  removeOnFail: { count: FAILED_JOBS_MAX },
};

/** Resolves when `term.until` has aborted; rejects with what ends the term. */
export async function relayEvents(options: RelayOptions, { token, until }: Term): Promise<void> {
  const { queue, limits, stirring, log, passed } = options;
  let isFull = false;
  try {
    while (!until.aborted) {
      await dropOldest(options, token);
      const page = await readPage(options);
      if (page.length === 0) {
        await stirring.sleep(limits.lookMsMin, limits.pollMs, until);
        continue;
      }
      const wasFull: boolean = isFull;
      isFull = (await queue.getJobCountByTypes('waiting', 'delayed')) >= (limits.queueJobsMax ?? QUEUE_JOBS_MAX);
      if (isFull !== wasFull) {
        if (isFull) log.warn({ event: 'platform-events-full' }, 'nobody takes the platform events: they wait');
        else log.info({ event: 'platform-events-resumed' }, 'the platform takes its events again');
      }
      if (isFull) {
        await stirring.sleep(FULL_LOOK_MS, FULL_LOOK_MS, until);
        continue;
      }
      await queue.addBulk(page.flatMap(({ lines }) => lines.flatMap((line) => jobOf(line, log))));
      await passed('added');
      await trim(options, token, page.at(-1)!.sequence + 1, 0);
      await passed('trimmed');
    }
  } catch (error) {
    if (!until.aborted) throw error;
  }
}

function jobOf(line: string, log: FlushLog): { name: string; data: object; opts: JobsOptions }[] {
  try {
    const data = JSON.parse(line) as { readonly type: string };
    return [{ name: data.type, data, opts: JOB }];
  } catch (error) {
    log.error({ event: 'platform-event-malformed', err: error }, 'a platform event could not be read and is left out');
    return [];
  }
}

/** The oldest entries, with so many events that they are one addition. */
async function readPage({ context: { redis, keys } }: RelayOptions, countMax = RELAY_ENTRIES_MAX): Promise<Entry[]> {
  const reply = await asked(redis.xrange(keys.outboxEvents, '-', '+', 'COUNT', countMax));
  const page: Entry[] = [];
  let events = 0;
  for (const [id, fields] of reply) {
    const lines = fields[1]!.split('\n');
    events += lines.length;
    if (page.length > 0 && events > RELAY_EVENTS_MAX) break;
    page.push({ sequence: Number(id.split('-')[0]), lines });
  }
  return page;
}

async function dropOldest(options: RelayOptions, token: string): Promise<void> {
  const { context, limits, log } = options;
  const entriesMax = limits.outboxEntriesMax ?? OUTBOX_ENTRIES_MAX;
  for (;;) {
    const over = (await asked(context.redis.xlen(context.keys.outboxEvents))) - entriesMax;
    if (over <= 0) return;
    const page = await readPage(options, Math.min(over, RELAY_ENTRIES_MAX));
    const events = page.reduce((sum, { lines }) => sum + lines.length, 0);
    await trim(options, token, page.at(-1)!.sequence + 1, events);
    log.error(
      { event: 'platform-events-dropped', events },
      'the oldest platform events were dropped: nobody takes them',
    );
  }
}

/** Forgets what stands before the sequence `next`; `dropped` events of it were told to nobody. */
async function trim({ context }: RelayOptions, token: string, next: number, dropped: number): Promise<void> {
  const { keys } = context;
  const args = [...fenceArguments(context), token, String(next), String(dropped)];
  await context.run('relayTrim', [keys.meta, keys.notifyLease, keys.outboxEvents], args);
}

async function asked<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    throw redisError('a look at the platform events', error);
  }
}

/**
 * The usage worker: takes jobs of the queue `usage`, hands their events to the lanes, and answers each job when all
 * of its events have an outcome. Pauses while Redis has no room (room.ts); knows nothing of Lua, rows or ClickHouse.
 */
import type { Job } from 'bullmq';
import type { PriceBook } from '../../core/price.ts';
import { COMMIT_EVENTS_MAX } from '../../ledger/commit-events.ts';
import type { LedgerContext } from '../../ledger/context.ts';

import { growDirectory } from '../../ledger/dedupe.ts';
import { Profiles } from '../../ledger/profiles.ts';
import type { WorkerEnvironment } from '../environment.ts';
import {
  closeWorker,
  logQueueErrors,
  makeWorker,
  queuedAtOf,
  STARTS_MAX,
  STARTS_TOGETHER_MAX,
  USAGE_QUEUE,
} from '../queues.ts';
import { unreadableMender } from '../unreadable-jobs.ts';
import { type CommitGroupOptions, commitGroup } from './commit-group.ts';
import type { GroupEncoder } from './encode-group.ts';
import type { EventOutcome, UsageItem } from './item.ts';
import { summarize, type UsageJobResult } from './job-result.ts';
import { Lanes } from './lanes.ts';
import { OUTBOX_ROWS_MAX, Room } from './room.ts';
import { giveUpJob, type Taken, takeJob } from './take-job.ts';

/** How often the dedupe memory's size is compared with its directory. */
const GROW_CHECK_IDS = 2_000;

export interface UsageWorkerOptions {
  readonly context: LedgerContext;
  readonly book: PriceBook;
  readonly acceptDays: number;
  readonly environment: WorkerEnvironment;
  /** Jobs worked on at once: enough single-event jobs to fill a group, few enough to hold in memory. */
  readonly concurrency: number;
  readonly outboxRowsMax?: number;
  /** How long a lone event waits for company; left out: GROUP_WAIT_MS. */
  readonly groupWaitMs?: number;
}

export interface RunningWorker {
  /** Takes nothing new and resolves when everything taken is answered; at once when the service was halted. */
  close(): Promise<void>;
}

export function startUsageWorker(options: UsageWorkerOptions): RunningWorker & { commitOptions: CommitGroupOptions } {
  const { context, environment, book } = options;
  const { log, connection, signal } = environment;
  const encoder: GroupEncoder = { book, keys: context.keys, profiles: new Profiles(context) };
  let untilGrowth = 0;
  let growing: Promise<unknown> = Promise.resolve();

  const commitOptions: CommitGroupOptions = {
    context,
    encoder,
    settings: { acceptDays: options.acceptDays },
    signal,
    onCommitted: (waitingRows) => {
      room.sawWaiting(waitingRows);
      environment.onCommitted?.();
    },
    onRetry: (error) => log.warn({ event: 'commit-retry', code: error.code }, error.message),
  };

  const commit = async (items: readonly UsageItem[]): Promise<void> => {
    await growing;
    await commitGroup(commitOptions, items);
    untilGrowth -= items.length;
    if (untilGrowth > 0) return;
    untilGrowth = GROW_CHECK_IDS;
    growing = grow(context).catch((error: unknown) => {
      log.warn(
        { event: 'dedupe-growth-retry', reason: error instanceof Error ? error.message : 'unknown' },
        'the dedupe memory could not grow; it will be tried again',
      );
    });
  };
  const lanes = new Lanes({
    commit,
    onHalt: environment.halt,
    ...(options.groupWaitMs === undefined ? {} : { groupWaitMs: options.groupWaitMs }),
  });
  const room = new Room({
    context,
    log,
    outboxRowsMax: options.outboxRowsMax ?? OUTBOX_ROWS_MAX,
    onPause: (paused) => lanes.setPaused(paused),
  });

  const worker = makeWorker(USAGE_QUEUE, (job) => handle(job), {
    connection,
    prefix: context.keys.tag,
    concurrency: options.concurrency,
  });

  async function handle(job: Job): Promise<UsageJobResult> {
    const queuedAt = queuedAtOf(job, environment.clock());
    const taken = take(job, queuedAt);
    const outcomes: EventOutcome[] = new Array(taken.length);
    const ids = taken.map((one) => ('event' in one ? one.event.id : one.dead.id));
    await new Promise<void>((resolve) => {
      let open = taken.length;
      if (open === 0) resolve();
      const items = taken.map(
        (one, i): UsageItem => ({
          event: 'event' in one ? one.event : undefined,
          queuedAt,
          ...('dead' in one ? { dead: one.dead } : {}),
          settle: (outcome) => {
            outcomes[i] = outcome;
            open -= 1;
            if (open === 0) resolve();
          },
        }),
      );
      if (job.attemptsStarted > STARTS_TOGETHER_MAX) commitAlone(commitOptions, items).catch(environment.halt);
      else lanes.add(items);
    });
    return summarize(outcomes, ids);
  }

  logQueueErrors(worker, USAGE_QUEUE, log, unreadableMender(worker, connection, log));
  worker.on('completed', (job) => environment.onCompleted?.(job.id ?? ''));
  worker.run().catch(environment.halt);
  return {
    commitOptions,
    close: async () => {
      // What waits for room is left to the next start: it could wait for as long as ClickHouse is away.
      await closeWorker(worker, signal, room.isFull);
      room.close();
      await growing;
    },
  };
}

async function grow(context: LedgerContext): Promise<void> {
  await growDirectory(context, Number(await context.redis.hget(context.keys.meta, 'remembered')));
}

/** A job that was started often is kept away from the events of other jobs. */
async function commitAlone(options: CommitGroupOptions, items: readonly UsageItem[]): Promise<void> {
  for (let i = 0; i < items.length; i += COMMIT_EVENTS_MAX) {
    await commitGroup(options, items.slice(i, i + COMMIT_EVENTS_MAX));
  }
}

function take(job: Job, queuedAt: number): Taken[] {
  const sent = { id: job.id ?? '', data: job.data as unknown, queuedAt };
  if (job.attemptsStarted <= STARTS_MAX) return takeJob(sent);
  return giveUpJob(sent, `The job was started ${STARTS_MAX} times and never finished.`);
}

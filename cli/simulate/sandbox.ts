/**
 * A service of one process on a clock that is set by hand: the real workers, ledger, queues and flusher on engines of its
 * own. Every method has taken full effect when it resolves, so whoever calls one after the other has a script.
 * Invariant: what is read was flushed for it; nothing is flushed before, because a block costs more than its commits.
 */
import { handClock } from '../../core/clock.ts';
import { PARKED_MS_MAX } from '../../core/limits.ts';
import type { JobTools } from '../../jobs/job.ts';
import { createGate, type Gate } from '../../ledger/gate.ts';
import { loadPriceBook } from '../../schema/price-book.ts';
import { recordPriceVersions } from '../../schema/price-versions.ts';
import { startAccountsWorker } from '../../workers/accounts/worker.ts';
import type { WorkerEnvironment } from '../../workers/environment.ts';
import { expireParked } from '../../workers/expire-parked.ts';
import { createFlusher } from '../../workers/flush/flusher.ts';
import { type Breakdowns, breakdowns } from '../../workers/notify/breakdown.ts';
import { startUsageWorker } from '../../workers/usage/worker.ts';
import type { History } from '../flushed.ts';
import { haltError } from '../service.ts';
import type { System } from '../system.ts';
import { openPost } from './post.ts';
import { type QueuedJob, SentJobs } from './sent-jobs.ts';

/** No mail waits for it, so a breakdown may take what a query on a busy machine takes. */
const BREAKDOWN_MS_MAX = 30_000;

/** Nothing is flushed because it is old: an hour is longer than any script waits between two reads. */
const FLUSH_INTERVAL_MS = 3_600_000;

export interface Sandbox {
  readonly clock: () => number;
  readonly gate: Gate;
  readonly history: History;
  readonly jobTools: JobTools;
  /** What mails say of usage. */
  readonly breakdowns: Breakdowns;
  /** Aborts, with the reason, when the workers cannot go on or the command is interrupted. */
  readonly signal: AbortSignal;
  /** Moves the clock (ms); what has waited for too long by then is set aside. */
  setClock(ms: number): Promise<void>;
  /** One job of events, which is one commit; at most as many, and as large, as a job may be. */
  sendEvents(events: readonly object[]): Promise<void>;
  sendCommand(command: QueuedJob): Promise<void>;
  /** Every mail that is decided is sent. */
  sendMails(): Promise<void>;
  /** Everything committed until now is in ClickHouse. */
  flush(): Promise<void>;
}

/** Runs `work` in a sandbox on the (empty) system. Rejects with what stopped the workers, where something did. */
export async function withSandbox<T>(
  system: System,
  interrupted: AbortSignal,
  work: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  const { config, log, ledger, clickhouse, reader, redis } = system;
  interrupted.throwIfAborted(); // while the engines were started
  // Nothing of a sandbox outlives it.
  await redis.config('SET', 'appendonly', 'no');
  const book = await loadPriceBook(config.priceBookPath);
  await recordPriceVersions(clickhouse, book);
  const clock = handClock(0);
  const failure = new AbortController();
  const signal = AbortSignal.any([interrupted, failure.signal, system.lost]);
  const sent = new SentJobs(system.queues, clock, signal);
  const halt = (error: unknown): void => failure.abort(haltError(error));
  const environment: WorkerEnvironment = {
    ...{ connection: await system.connect({ name: 'queues', patient: true }), log, clock, signal, halt },
    onCompleted: (jobId) => sent.completed(jobId),
  };
  const flusher = createFlusher({
    ...{ redis: await system.connect({ name: 'flusher', patient: false }), clickhouse, log, partition: 0 },
    ...{ keys: ledger.keys, ledgerId: ledger.ledgerId, limits: { flushIntervalMs: FLUSH_INTERVAL_MS } },
  });
  flusher.done.catch(halt);
  flusher.start();
  const usage = startUsageWorker({
    ...{ context: ledger, book, environment, acceptDays: config.acceptDays },
    // One job at a time, and it is all there is to commit.
    ...{ concurrency: 1, groupWaitMs: 0 },
  });
  const commit = usage.commitOptions;
  const accounts = await startAccountsWorker({
    ...{ commit, clickhouse, flusher, queue: system.queues.accounts, environment },
  });
  const sendMails = await openPost(ledger);
  try {
    return await work({
      ...{ clock, signal },
      jobTools: { ledger, clickhouse: reader, book, acceptDays: config.acceptDays, log, signal },
      breakdowns: breakdowns({ clickhouse, book, log, timeoutMs: BREAKDOWN_MS_MAX }),
      gate: createGate({ redis: ledger.redis, prefix: ledger.keys.tag, priceBook: book, clock }),
      history: {
        ...{ ledger, reader },
        flushedUpTo: async (sequence) => {
          const flushed = Number(await redis.hget(ledger.keys.meta, 'flushed'));
          if (flushed < sequence) await flusher.flushNow();
          return sequence;
        },
      },
      async setClock(ms) {
        clock.set(ms);
        await redis.hset(ledger.keys.meta, 'clock', String(ms));
        const overdue = ['-inf', `(${ms - PARKED_MS_MAX}`, 'BYSCORE', 'LIMIT', '0', '1'] as const;
        if ((await redis.zrange(ledger.keys.parkedIndex, ...overdue)).length > 0) await expireParked(commit);
      },
      sendEvents: (events) => sent.send('usage', [{ name: 'events', data: { events } }]),
      sendCommand: (command) => sent.send('accounts', [command]),
      sendMails,
      flush: () => flusher.flushNow(),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await Promise.all([usage.close(), accounts.close(), flusher.stop()]);
  }
}

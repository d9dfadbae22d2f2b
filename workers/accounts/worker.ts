/**
 * The accounts worker: applies account commands one at a time in the order they were queued, whatever crashes between.
 * One job of the queue is active at any time over all processes (BullMQ's global concurrency), and a job whose worker
 * was killed goes back to the front: so no command overtakes another one.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Job, Queue } from 'bullmq';
import { jsonText } from '../../core/json-text.ts';
import type { DeadLetter, DeadLetterReason } from '../../ledger/dead-letters.ts';
import { parseCommand } from '../../schema/parse-command.ts';
import type { WorkerEnvironment } from '../environment.ts';
import type { Flusher } from '../flush/flusher.ts';
import { ACCOUNTS_QUEUE, closeWorker, logQueueErrors, makeWorker, queuedAtOf, STARTS_MAX } from '../queues.ts';
import { unreadableMender } from '../unreadable-jobs.ts';
import type { CommitGroupOptions } from '../usage/commit-group.ts';
import { textField } from '../usage/take-job.ts';
import type { RunningWorker } from '../usage/worker.ts';
import { type ApplyOptions, applyCommand, type CommandResult, setAside } from './apply-command.ts';
import { chargeStore } from './charge-store.ts';

/** A stop waits no longer for ClickHouse than this: several times what a flush takes. */
const VOID_STOP_MS = 2_000;

export interface AccountsWorkerOptions {
  readonly commit: CommitGroupOptions;
  /** What a void asks for the charge of its event, and what it asks to bring that there. */
  readonly clickhouse: ClickHouseClient;
  readonly flusher: Pick<Flusher, 'flushNow'>;
  readonly queue: Queue;
  readonly environment: WorkerEnvironment;
}

export async function startAccountsWorker({
  commit: taking,
  clickhouse,
  flusher,
  queue,
  environment,
}: AccountsWorkerOptions): Promise<RunningWorker> {
  await queue.setGlobalConcurrency(1);
  const closing = new AbortController();
  const leaving = new AbortController();
  const signal = AbortSignal.any([closing.signal, environment.signal]);
  const store = chargeStore({ clickhouse, flusher, context: taking.context, signal });
  const commit: ApplyOptions = {
    ...taking,
    charges: {
      // A void that waits for ClickHouse is left to the next start: it could wait for as long as ClickHouse is away.
      find: (...asked) =>
        store.find(...asked).catch((error: unknown) => {
          if (!signal.aborted) throw error;
          leaving.abort();
          return new Promise<never>(() => undefined);
        }),
    },
  };
  const handle = async (job: Job): Promise<CommandResult> => {
    try {
      const result = await take(commit, job, environment.clock());
      environment.onCommitted?.();
      return result;
    } catch (error) {
      environment.halt(error);
      // Not thrown: a job that failed would lose its place. Left as it is, it comes first again once its lock runs out.
      return new Promise<never>(() => undefined);
    }
  };
  const worker = makeWorker(ACCOUNTS_QUEUE, handle, {
    connection: environment.connection,
    prefix: commit.context.keys.tag,
    concurrency: 1,
  });
  const { connection, log } = environment;
  logQueueErrors(worker, ACCOUNTS_QUEUE, log, unreadableMender(worker, connection, log));
  worker.on('completed', (job) => environment.onCompleted?.(job.id ?? ''));
  worker.run().catch(environment.halt);
  return {
    close: async () => {
      const timer = setTimeout(() => closing.abort(), VOID_STOP_MS);
      try {
        await closeWorker(worker, AbortSignal.any([environment.signal, leaving.signal]));
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

async function take(commit: ApplyOptions, job: Job, now: number): Promise<CommandResult> {
  const queuedAt = queuedAtOf(job, now);
  const parsed = parseCommand(job.name, job.data);
  if (!parsed.ok) return setAside(commit, letterOf(job, queuedAt, 'invalid', parsed.field, parsed.reason));
  if (job.attemptsStarted > STARTS_MAX) {
    const detail = `The job was started ${STARTS_MAX} times and never finished.`;
    return setAside(commit, letterOf(job, queuedAt, 'internal', '', detail));
  }
  return applyCommand(commit, { command: parsed.command, queuedAt });
}

function letterOf(job: Job, queuedAt: number, reason: DeadLetterReason, field: string, detail: string): DeadLetter {
  const data: unknown = job.data;
  const body = jsonText({ type: job.name, data });
  return {
    kind: 'command',
    accountId: textField(data, 'accountId'),
    id: textField(data, 'id'),
    reason,
    field,
    detail,
    body,
    queuedAt,
  };
}

/** What every worker of the service is handed: its queue connection, its log, its clock, and the ways a service ends. */
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';

export interface WorkerEnvironment {
  /** For BullMQ alone; it opens its own blocking connection beside it. */
  readonly connection: Redis;
  readonly log: Logger;
  /** When it is for the jobs: what bounds the time they were queued at. Commits go by the ledger's clock, always. */
  readonly clock: Clock;
  /** Aborts when the service has to stop at once: whatever is taken is left to be taken again. */
  readonly signal: AbortSignal;
  /** Told after each commit: it may have decided something that somebody waits for. */
  readonly onCommitted?: () => void;
  /** Told of each job that has left its queue: what it was for has been done. For whoever drives the queues. */
  readonly onCompleted?: (jobId: string) => void;
  /** Stops the service for a reason that trying again cannot mend (the fence, a fault). */
  readonly halt: (error: unknown) => void;
}

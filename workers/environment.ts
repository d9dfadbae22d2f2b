/** What every worker of the service is handed: its queue connection, its log, and the ways a service ends. */
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

export interface WorkerEnvironment {
  /** For BullMQ alone; it opens its own blocking connection beside it. */
  readonly connection: Redis;
  readonly log: Logger;
  /** Aborts when the service has to stop at once: whatever is taken is left to be taken again. */
  readonly signal: AbortSignal;
  /** Stops the service for a reason that trying again cannot mend (the fence, a fault). */
  readonly halt: (error: unknown) => void;
}

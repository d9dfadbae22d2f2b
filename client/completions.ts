/**
 * Listens to the completions of the queue's jobs, from the moment it is asked to: the end of the event stream is looked
 * up first, because BullMQ's own start (`$`) forgets what comes between two of its reads.
 * The stream keeps about the last 1,000 entries, so a listener that was cut off can miss some: that is noticed elsewhere.
 */
import { type Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';

/** Id before every entry of a stream. */
const STREAM_START = '0-0';

/** One read of the stream; also how long a read may keep a process alive that closed while Redis was away. */
const READ_MS = 2_000;

export class Completions {
  private readonly queue: Queue;
  private readonly redis: Redis;
  private readonly onCompleted: (jobId: string, returned: unknown) => void;
  private events: QueueEvents | undefined;
  private starting: Promise<void> | undefined;

  constructor(queue: Queue, redis: Redis, onCompleted: (jobId: string, returned: unknown) => void) {
    this.queue = queue;
    this.redis = redis;
    this.onCompleted = onCompleted;
  }

  /** Resolves when every completion from now on will be heard. Rejects when Redis does not answer; ask again then. */
  async listening(): Promise<void> {
    this.starting ??= this.start();
    try {
      await this.starting;
    } catch (error) {
      this.starting = undefined;
      throw error;
    }
  }

  /** Stops listening, also while Redis is away. */
  async close(): Promise<void> {
    const { events } = this;
    if (events === undefined) return;
    // Its own close may wait for ever for a connection that is not there, so its connection is ended beside it.
    events.close().catch(() => undefined);
    await events.getBackend().close(true);
  }

  private async start(): Promise<void> {
    const [last] = await this.redis.xrevrange(this.queue.toKey('events'), '+', '-', 'COUNT', 1);
    this.events = new QueueEvents(this.queue.name, {
      connection: this.redis,
      prefix: this.queue.opts.prefix as string,
      blockingTimeout: READ_MS,
      lastEventId: last?.[0] ?? STREAM_START,
      autorun: false,
      skipVersionCheck: true,
    });
    // It goes on after an error; a completion that is missed meanwhile is noticed by its job's absence.
    this.events.on('error', () => undefined);
    this.events.on('completed', ({ jobId, returnvalue }) => this.onCompleted(jobId, returnvalue));
    this.events.run().catch(() => undefined);
  }
}

/**
 * Listens to the completions of the queue's jobs, from the moment it is asked to: the end of the event stream is looked
 * up first, because BullMQ's own start (`$`) forgets what comes between two of its reads.
 * The stream keeps about the last 1,000 entries, so a listener that was cut off can miss some: that is noticed elsewhere.
 * Invariant: a listener that ended by itself is told, and the next time it is asked to listen another one starts.
 */
import { type Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';

/** Id before every entry of a stream. */
const STREAM_START = '0-0';

/** One read of the stream; also how long a read may keep a process alive that closed while Redis was away. */
const READ_MS = 2_000;

export interface CompletionListener {
  readonly completed: (jobId: string, returned: unknown) => void;
  /** Listening met an error, or ended with it. Nothing is to be done about it; what was missed is asked for again. */
  readonly error: (error: Error) => void;
}

export class Completions {
  private readonly queue: Queue;
  private readonly redis: Redis;
  private readonly on: CompletionListener;
  private events: QueueEvents | undefined;
  private starting: Promise<void> | undefined;

  constructor(queue: Queue, redis: Redis, on: CompletionListener) {
    this.queue = queue;
    this.redis = redis;
    this.on = on;
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
    this.events = undefined;
    await end(events);
  }

  private async start(): Promise<void> {
    const [last] = await this.redis.xrevrange(this.queue.toKey('events'), '+', '-', 'COUNT', 1);
    const events = new QueueEvents(this.queue.name, {
      connection: this.redis,
      prefix: this.queue.opts.prefix as string,
      blockingTimeout: READ_MS,
      lastEventId: last?.[0] ?? STREAM_START,
      autorun: false,
      skipVersionCheck: true,
    });
    // It goes on after an error; a completion that is missed meanwhile is noticed by its job's absence.
    events.on('error', (error) => this.on.error(error));
    events.on('completed', ({ jobId, returnvalue }) => this.on.completed(jobId, returnvalue));
    this.events = events;
    events.run().catch((error: Error) => this.ended(events, error));
  }

  /** The listener stopped by itself: an entry of the stream was no JSON, or its connection could not be opened. */
  private ended(events: QueueEvents, error: Error): void {
    if (this.events !== events) return; // it was closed: that is how it ends
    this.events = undefined;
    this.starting = undefined;
    this.on.error(error);
    end(events).catch((reason: Error) => this.on.error(reason));
  }
}

/** Lets a listener go. */
async function end(events: QueueEvents): Promise<void> {
  // Its own close may wait for ever for a connection that is not there, so its connection is ended beside it. What that
  // makes of its own close is of no interest: it says that the connection is closed, which is what was wanted.
  events.close().catch(() => undefined);
  await events.getBackend().close(true);
}

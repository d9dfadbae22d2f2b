/**
 * A stream of lines onto the queues, in the file's order around commands (contract, `ingest`): a run of commands is
 * queued when everything before it has been applied, and what follows when they have. Events go in jobs.
 * Invariant: what was queued is told exactly, so that a run that was stopped can say how far it got. Running the same
 * input again changes nothing, because every id in it is the producer's.
 */
import type { Readable } from 'node:stream';
import type { Queue } from 'bullmq';
import { classify } from './classify.ts';
import { type Line, LineReader } from './lines.ts';
import type { JobWindow, OutgoingJob } from './window.ts';

/** A job of events, as the contract makes them: half the events it may have, and all of the bytes. */
export const JOB_EVENTS_MAX = 500;
export const JOB_BYTES_MAX = 512 * 1024;
/** Jobs queued in one step: each step waits for Redis to have it on disk. */
const EVENT_JOBS_A_STEP_MAX = 8;
const COMMANDS_A_STEP_MAX = 200;
/** A slow producer's lines wait this long for more to share a job with. */
const LINGER_MS = 200;

export interface FeedTotals {
  events: number;
  commands: number;
  jobs: number;
  invalid: number;
  /** Read so far. */
  bytes: number;
  /** Every line up to this one is queued, or was invalid. */
  line: number;
}

export interface FeedOptions {
  readonly input: Readable;
  readonly usage: Queue;
  readonly accounts: Queue;
  readonly window: JobWindow;
  readonly signal: AbortSignal;
  readonly totals: FeedTotals;
  /** Told of each line that is no event and no command; `problem` follows "line 7". */
  readonly onInvalid: (line: number, problem: string) => void;
}

/** Feeds the whole input; resolves when all of it is queued, rejects when the signal aborts or it cannot be read. */
export async function feed(options: FeedOptions): Promise<void> {
  const { input, signal, totals } = options;
  const run = new Run(options);
  const reader = new LineReader();
  const stop = (): void => void input.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (;;) {
      const next = chunks.next();
      if (!(await comesSoon(next))) await run.send();
      const { done, value } = await next;
      signal.throwIfAborted();
      if (done === true) break;
      totals.bytes += value.length;
      for (const line of reader.push(value)) await run.take(line);
    }
    for (const line of reader.end()) await run.take(line);
    await run.send();
  } catch (error) {
    signal.throwIfAborted(); // a stream that was stopped fails in words of its own
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    input.destroy();
  }
}

/** Whether it settles, in whatever way, before `LINGER_MS` are over. */
async function comesSoon(next: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const idle = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), LINGER_MS);
  });
  const came = next.then(
    () => true,
    () => true,
  );
  const soon = await Promise.race([came, idle]);
  clearTimeout(timer);
  return soon;
}

/** The run of lines of one kind that is being collected: events into jobs, or commands. */
class Run {
  private readonly options: FeedOptions;
  private kind: 'events' | 'commands' = 'events';
  private events: object[] = [];
  private eventBytes = 0;
  private eventsClosed = 0;
  /** Closed jobs of events, or commands; not queued yet. */
  private jobs: OutgoingJob[] = [];
  private line = 0;

  constructor(options: FeedOptions) {
    this.options = options;
  }

  async take({ number, bytes, text, problem }: Line): Promise<void> {
    const found = problem === undefined ? classify(text) : { kind: 'invalid' as const, problem };
    if (found.kind === 'invalid') {
      this.options.totals.invalid += 1;
      this.options.onInvalid(number, found.problem);
    } else {
      await this.turnTo(found.kind === 'event' ? 'events' : 'commands');
      if (found.kind === 'command') this.jobs.push({ name: found.name, data: found.data, bytes });
      else this.addEvent(found.event, bytes);
    }
    this.line = number;
    if (this.jobs.length >= (this.kind === 'events' ? EVENT_JOBS_A_STEP_MAX : COMMANDS_A_STEP_MAX))
      await this.queueJobs();
  }

  /** Queues what has been collected, full or not. */
  async send(): Promise<void> {
    this.closeJob();
    await this.queueJobs();
    this.options.totals.line = this.line;
  }

  /** The other kind waits until everything before it has been applied. */
  private async turnTo(kind: 'events' | 'commands'): Promise<void> {
    if (kind === this.kind) return;
    await this.send();
    await this.options.window.applied();
    this.kind = kind;
  }

  private addEvent(event: object, bytes: number): void {
    if (this.eventBytes + bytes > JOB_BYTES_MAX) this.closeJob();
    this.events.push(event);
    this.eventBytes += bytes;
    if (this.events.length >= JOB_EVENTS_MAX) this.closeJob();
  }

  private closeJob(): void {
    if (this.events.length === 0) return;
    this.jobs.push({ name: 'events', data: { events: this.events }, bytes: this.eventBytes });
    this.eventsClosed += this.events.length;
    this.events = [];
    this.eventBytes = 0;
  }

  private async queueJobs(): Promise<void> {
    const { window, usage, accounts, totals } = this.options;
    if (this.jobs.length === 0) return;
    await window.add(this.kind === 'events' ? usage : accounts, this.jobs);
    totals.jobs += this.jobs.length;
    if (this.kind === 'events') totals.events += this.eventsClosed;
    else totals.commands += this.jobs.length;
    if (this.events.length === 0) totals.line = this.line;
    this.eventsClosed = 0;
    this.jobs = [];
  }
}

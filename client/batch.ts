/**
 * Collects recorded events into jobs: one is closed by its count, its bytes, or a moment after its first event.
 * Owns that timer; where closed jobs go is not its business.
 */
import { JOB_FRAME_BYTES, type PendingEvent, type UsageJob, usageJob } from './job.ts';
import type { Bounds } from './options.ts';

export class Batch {
  private readonly bounds: Pick<Bounds, 'batchEventsMax' | 'batchBytesMax' | 'batchWaitMs'>;
  private readonly onClosed: (job: UsageJob) => void;
  private events: PendingEvent[] = [];
  private bytes = JOB_FRAME_BYTES;
  private timer: NodeJS.Timeout | undefined;

  constructor(bounds: Batch['bounds'], onClosed: (job: UsageJob) => void) {
    this.bounds = bounds;
    this.onClosed = onClosed;
  }

  add(event: PendingEvent): void {
    if (this.events.length > 0 && this.bytes + event.bytes > this.bounds.batchBytesMax) this.close();
    this.events.push(event);
    this.bytes += event.bytes;
    if (this.events.length >= this.bounds.batchEventsMax) this.close();
    else this.timer ??= setTimeout(() => this.close(), this.bounds.batchWaitMs);
  }

  /** Closes the job that is being collected, full or not. */
  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.events.length === 0) return;
    const job = usageJob(this.events, this.bytes);
    this.events = [];
    this.bytes = JOB_FRAME_BYTES;
    this.onClosed(job);
  }
}

/**
 * Workers for commands that wait for work to be done. While a service runs, its workers do it; where none does, or the
 * one that did dies and none comes back, this process runs them. Two at once are safe, so nothing has to be agreed.
 * A service shows by the connections of its queue worker, which the system closes however it dies.
 */
import type { Service } from '../workers/service.ts';
import { haltError, runService } from './service.ts';
import type { System } from './system.ts';

/** How long a service may be away before its work is taken over: a restart takes two or three seconds. */
export const SERVICE_AWAY_MS = 5_000;
const LOOK_INTERVAL_MS = 1_000;

export class Workers {
  private readonly failure = new AbortController();
  private readonly system: System;
  private service: Service | undefined;
  private looking: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private lastSeenMs = 0;

  private constructor(system: System) {
    this.system = system;
  }

  /** Makes sure somebody works: looks for a service, and runs the workers here when there is none. */
  static async attend(system: System): Promise<Workers> {
    const workers = new Workers(system);
    await workers.look();
    workers.timer = setInterval(() => {
      workers.looking = workers.looking
        .then(() => workers.look())
        .catch((error: unknown) => workers.failure.abort(error));
    }, LOOK_INTERVAL_MS);
    return workers;
  }

  /** Aborts, with the reason, when the work cannot go on. */
  get failed(): AbortSignal {
    return this.failure.signal;
  }

  /** Whether this process does the work. */
  get areOurs(): boolean {
    return this.service !== undefined;
  }

  /** Lets go of what was taken at once; it is taken again by whoever works next. */
  force(): void {
    this.service?.force();
  }

  /** Stops looking, and the workers where they are ours, after what they have taken is done. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
    await this.service?.stop();
  }

  private async look(): Promise<void> {
    if (this.service !== undefined) return;
    const now = performance.now();
    if ((await this.system.queues.usage.getWorkersCount()) > 0) {
      this.lastSeenMs = now;
      return;
    }
    if (this.lastSeenMs > 0 && now - this.lastSeenMs < SERVICE_AWAY_MS) return;
    this.system.log.debug({ event: 'workers-here' }, 'no service is running: its work is done here');
    this.service = await runService(this.system);
    void this.service.halted.then((reason) => this.failure.abort(haltError(reason)));
  }
}

/**
 * Runs `work` while somebody attends to the queues. `work` is handed a signal that aborts when it is to stop: because
 * `interrupted` does, or because nobody can do the work. It must settle soon after that.
 */
export async function withWorkers<T>(
  system: System,
  interrupted: AbortSignal,
  work: (workers: Workers, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const workers = await Workers.attend(system);
  try {
    return await work(workers, AbortSignal.any([interrupted, workers.failed, system.lost]));
  } catch (error) {
    const reason: unknown = [workers.failed, system.lost].find((signal) => signal.aborted)?.reason;
    // What stopped the work stands before the workers too: there is nothing to wait for.
    if (reason !== undefined) workers.force();
    throw reason ?? error;
  } finally {
    await workers.close();
  }
}

/** A bounded number of things at a time, a bounded number that wait, for a bounded time; first come, first served. */
import { CODE, HttpError } from './http-error.ts';
import { WAIT_MS_MAX, WAITING_MAX } from './limits.ts';

export type Lane = {
  /** Runs `work` when it is its turn. Rejects with 503 when too many wait or the wait is too long. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
};

export function makeLane(runningMax: number): Lane {
  let running = 0;
  const waiting = new Set<() => void>();
  let idlers: (() => void)[] = [];

  function turn(): Promise<void> {
    if (running < runningMax) {
      running += 1;
      return Promise.resolve();
    }
    if (waiting.size >= WAITING_MAX) throw busy();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(go);
        reject(busy());
      }, WAIT_MS_MAX);
      const go = () => {
        clearTimeout(timer);
        resolve();
      };
      waiting.add(go);
    });
  }

  function leave(): void {
    const [next] = waiting;
    if (next) {
      waiting.delete(next);
      next(); // the turn passes on, `running` stays
      return;
    }
    running -= 1;
    if (running > 0) return;
    for (const idler of idlers) idler();
    idlers = [];
  }

  return {
    async run(work) {
      await turn();
      try {
        return await work();
      } finally {
        leave();
      }
    },
    idle: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
}

function busy(): HttpError {
  return new HttpError(503, CODE.tooMany, 'Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)');
}

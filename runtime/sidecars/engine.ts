/**
 * Keeps one engine running while it is wanted: starts it, starts it again when it dies (pausing longer each time),
 * tells what went wrong in the engine's own words, stops it cleanly. What an engine is, `redis-engine.ts` and
 * `clickhouse-engine.ts` say.
 *
 *   stopped ── want ──> starting ── answers ──> running ── dies ──> pausing ──> starting
 *   any state ── stop ──> stopped
 */
import { PermanentError } from '../../core/errors.ts';
import { RESTART_PAUSE_MS_MAX, RESTART_PAUSE_MS_MIN, START_FAILURES_MAX, STEADY_MS } from './limits.ts';

/** One started engine. `died` resolves with a sentence when it ends by itself; `stop` ends it and waits for that. */
export type RunningEngine<T> = {
  readonly coordinates: T;
  readonly pid: number;
  readonly died: Promise<string>;
  stop(): Promise<void>;
};

/** What the keeper hears of an engine. */
export type EngineListener = {
  running(): void;
  trouble(message: string, final: boolean): void;
};

export type KeptEngine<T> = {
  /** Starts it unless it is on its way already. */
  want(): void;
  /** The running one, or undefined. */
  current(): RunningEngine<T> | undefined;
  stop(): Promise<void>;
};

/** `start` resolves once the engine answers; it rejects with the reason, a `PermanentError` when trying again is vain. */
export function keepEngine<T>(start: () => Promise<RunningEngine<T>>, listener: EngineListener): KeptEngine<T> {
  let running: RunningEngine<T> | undefined;
  let loop: Promise<void> | undefined;
  let stopping = false;
  let wake: (() => void) | undefined;

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function keep(): Promise<void> {
    let failures = 0;
    while (!stopping) {
      try {
        running = await start();
        if (stopping) break;
        listener.running();
        const sinceMs = Date.now();
        const stopped = new Promise<undefined>((resolve) => {
          wake = () => resolve(undefined);
        });
        const reason = await Promise.race([running.died, stopped]);
        if (reason === undefined) break;
        running = undefined;
        failures = Date.now() - sinceMs < STEADY_MS ? failures + 1 : 0;
        listener.trouble(`${reason} It is being started again.`, false);
      } catch (error) {
        running = undefined;
        failures += 1;
        if (stopping) return;
        const permanent = error instanceof PermanentError;
        listener.trouble(
          error instanceof Error ? error.message : String(error),
          permanent || failures >= START_FAILURES_MAX,
        );
        if (permanent) return;
      }
      if (!stopping) await pause(Math.min(RESTART_PAUSE_MS_MIN * 2 ** failures, RESTART_PAUSE_MS_MAX));
    }
  }

  return {
    want() {
      if (!stopping)
        loop ??= keep().finally(() => {
          loop = undefined;
        });
    },
    current: () => running,
    async stop() {
      stopping = true;
      wake?.();
      await loop;
      await running?.stop();
      running = undefined;
    },
  };
}

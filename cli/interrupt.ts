/**
 * Being told to stop: the first signal asks, the second forces. Commands that hold nothing need neither: they die of
 * the signal, and the engines notice.
 */
import { EXIT_FAILED } from './errors.ts';

/** One Ctrl-C reaches a process more than once when its launcher passes it on too: signals this close are one request. */
const SAME_REQUEST_MS = 250;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs `work` with a signal that aborts at the first request to stop; `force` is called at the second, a third ends. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>, force: () => void): Promise<T> {
  const aborter = new AbortController();
  let requests = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  const onSignal = (): void => {
    const now = performance.now();
    if (now - lastMs < SAME_REQUEST_MS) return;
    lastMs = now;
    requests += 1;
    if (requests === 1) aborter.abort();
    else if (requests === 2) force();
    else process.exit(EXIT_FAILED);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await work(aborter.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

/** Resolves when the signal aborts, at once when it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

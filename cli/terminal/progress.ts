/**
 * How far a command is, on standard error: a bar on a terminal, elsewhere a plain line every few seconds. Work that is
 * done sooner than that says nothing.
 */
import { performance } from 'node:perf_hooks';
import { Presets, SingleBar } from 'cli-progress';
import type { Output } from '../output.ts';

const LINE_INTERVAL_MS = 5_000;
const BAR_CELLS = 28;
const REDRAWS_PER_SECOND = 8;

export interface Progress {
  /** `share` from 0 to 1, undefined while nobody can know; `text` says the same in words. */
  update(share: number | undefined, text: string): void;
  /** Clears the bar. */
  stop(): void;
}

export function openProgress(output: Output, label: string): Progress {
  return process.stderr.isTTY === true ? openBar(label) : openLines(output, label);
}

function openBar(label: string): Progress {
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: (_options, { progress }, payload: { known: boolean; text: string }) => {
        const full = Math.round(progress * BAR_CELLS);
        const drawn = payload.known
          ? `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)} ${Math.floor(progress * 100)}% `
          : '';
        return `${label} ${drawn}${payload.text}`;
      },
      barsize: BAR_CELLS,
      clearOnComplete: true,
      hideCursor: false,
      fps: REDRAWS_PER_SECOND,
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  bar.start(1, 0, { known: false, text: '' });
  return {
    update: (share, text) => bar.update(share ?? 0, { known: share !== undefined, text }),
    stop: () => bar.stop(),
  };
}

function openLines(output: Output, label: string): Progress {
  let saidMs = performance.now();
  return {
    update: (share, text) => {
      const now = performance.now();
      if (now - saidMs < LINE_INTERVAL_MS) return;
      saidMs = now;
      output.say(`${label} ${share === undefined ? '' : `${Math.floor(share * 100)}% `}${text}`);
    },
    stop: () => undefined,
  };
}

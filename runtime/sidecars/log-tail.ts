/** Logs of the sidecars: bounded files under `logs/`, and the last words of one for an error message. */
import { openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { LOG_BYTES_MAX, LOG_LINE_CHARS_MAX, LOG_LINES_SHOWN_MAX } from './limits.ts';

/** Opens a log for appending (0600) and returns its descriptor; a long one is set aside first as `<path>.1`. */
export function openLog(path: string): number {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/** Size of a log now, so that `lastWords` can leave out what an earlier run wrote. */
export function logSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last non-empty lines written after `from` bytes, joined by ` | `. */
export function lastWords(path: string, from = 0): string {
  let text: string;
  try {
    text = readFileSync(path).subarray(from).toString('utf8');
  } catch (error) {
    return `no log (${(error as Error).message})`;
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length === 0
    ? 'it wrote nothing'
    : lines
        .slice(-LOG_LINES_SHOWN_MAX)
        .map((line) => line.slice(0, LOG_LINE_CHARS_MAX))
        .join(' | ');
}

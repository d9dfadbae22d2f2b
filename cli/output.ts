/**
 * Standard output and standard error of a command. Results go to standard output, everything said about the work goes
 * to standard error; with `--json`, standard output is JSON alone.
 * Invariant: a reader that goes away ends the command quietly (`OutputClosed`), and a slow one holds it back.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { OutputClosed } from './errors.ts';

/** Characters collected before a write: rows are small, and a system call each would cost more than making them. */
const CHUNK_CHARS = 65_536;

export class Output {
  readonly stdout: Writable;
  readonly stderr: Writable;
  private closed = false;
  private readonly onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    this.closed = true;
  };
  private readonly ignore = (): void => undefined;

  constructor(stdout: Writable, stderr: Writable) {
    this.stdout = stdout;
    this.stderr = stderr;
    stdout.on('error', this.onError);
    // Nobody reads what is said beside the result: the work goes on.
    stderr.on('error', this.ignore);
  }

  /** Writes text to standard output and waits until it takes more. */
  async write(text: string): Promise<void> {
    if (this.closed || this.stdout.destroyed) throw new OutputClosed();
    if (this.stdout.write(text)) return;
    await Promise.race([once(this.stdout, 'drain'), once(this.stdout, 'close')]).catch(this.onError);
    if (this.closed) throw new OutputClosed();
  }

  /** One line for people, on standard output. */
  line(text = ''): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** One JSON value on a line of its own. */
  json(value: unknown): Promise<void> {
    return this.write(`${JSON.stringify(value)}\n`);
  }

  /** A JSON array of any length, a line an element, without holding it in memory. */
  async jsonArray(values: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
    let text = '[';
    let separator = '\n';
    for await (const value of values) {
      text += separator + JSON.stringify(value);
      separator = ',\n';
      if (text.length >= CHUNK_CHARS) {
        await this.write(text);
        text = '';
      }
    }
    await this.write(`${text}${separator === '\n' ? '' : '\n'}]\n`);
  }

  /** One plain line on standard error. */
  say(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  /** Resolves when everything written has been handed to the system, or nobody is left to read it. */
  async finish(): Promise<void> {
    if (!this.closed) await new Promise<void>((resolve) => this.stdout.write('', () => resolve()));
    this.stdout.off('error', this.onError);
    this.stderr.off('error', this.ignore);
    // What is still on its way may fail later; by then there is nothing to do about it.
    this.stdout.on('error', this.ignore);
    this.stderr.on('error', this.ignore);
  }
}

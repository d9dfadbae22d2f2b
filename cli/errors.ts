/**
 * How a command ends: the exit codes, and the errors that mean bad usage or no reader.
 * Invariant: what a person sees of a failure is plain lines on standard error; a stack only when it was asked for.
 */
import { FlowlyError, PermanentError } from '../core/errors.ts';
import { SettingsError } from '../runtime/config.ts';

export const EXIT_OK = 0;
/** The command failed, or what it checked does not hold. */
export const EXIT_FAILED = 1;
/** Unknown command, bad flag, bad setting: nothing was started. */
export const EXIT_USAGE = 2;

/** The command was called wrongly; the sentence names the flag, the value's problem and what is accepted. */
export class UsageError extends PermanentError {
  constructor(message: string, field?: string) {
    super('usage', message, field === undefined ? {} : { field });
  }
}

/** Whoever read standard output has gone (`| head`): there is nobody to work for, and nothing went wrong. */
export class OutputClosed extends PermanentError {
  constructor() {
    super('output-closed', 'Standard output was closed.');
  }
}

/** A person or the system stopped the command; `message` says how far it got. */
export class Interrupted extends PermanentError {
  constructor(message: string) {
    super('interrupted', message);
  }
}

/** The exit code that an error means. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof OutputClosed) return EXIT_OK;
  return error instanceof UsageError || error instanceof SettingsError ? EXIT_USAGE : EXIT_FAILED;
}

/** The lines that tell a person about an error, without the program's name in front. */
export function errorLines(error: unknown, debug: boolean): string[] {
  if (error instanceof OutputClosed) return [];
  if (error instanceof SettingsError) return [...error.lines];
  if (!(error instanceof Error)) return [`failed with a thrown ${typeof error}.`];
  if (debug) return stacks(error).split('\n');
  // Of foreign errors only the first line: the rest may quote data.
  const words = error instanceof FlowlyError ? error.message : firstLine(error);
  return [plain(words)];
}

/** On one line, and nothing in it steers the terminal: a path or a file's content may be quoted. */
function plain(words: string): string {
  return words.replace(/\s*\n\s*/g, ' ').replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, '·');
}

/** Characters of a foreign error's first line that are shown. */
const WORDS_CHARS_MAX = 400;

function firstLine(error: Error): string {
  const words = error.message === '' && error instanceof AggregateError ? messagesOf(error) : error.message;
  return (words.split('\n')[0] || error.name).slice(0, WORDS_CHARS_MAX);
}

/** Node reports a refused connection as one error an address, with no message of its own. */
function messagesOf(error: AggregateError): string {
  return error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join('; ');
}

function stacks(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${stacks(error.cause)}` : own;
}

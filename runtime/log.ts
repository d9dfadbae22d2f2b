/**
 * The log: pino lines on standard error, never on standard output, which belongs to results.
 * Owns how an error is written down: code and sentence, never a payload (ioredis hangs a failed command's arguments on
 * its errors, ClickHouse quotes the row it could not read). Field names: `event` (kebab-case, what happened), `queue`,
 * `reason`, `err`; counts and times carry their unit in the name. Nothing personal or secret is a field.
 */
import { createRequire } from 'node:module';
import { type DestinationStream, type Logger, pino } from 'pino';
import { FlowlyError } from '../core/errors.ts';
import type { LogLevel } from './config.ts';

const STDERR_FD = 2;
/** Characters of a foreign error's message that are kept: its own words, not the data it quotes. */
const MESSAGE_CHARS_MAX = 300;
/** Errors underneath an error that are written with it. */
const CAUSES_MAX = 3;

export interface LogOptions {
  readonly level: LogLevel;
  /** Write the stack traces of errors. */
  readonly debug?: boolean;
  /** Where to; left out: standard error, for people when that is a terminal and pino-pretty is installed. */
  readonly destination?: DestinationStream;
}

/** Opens the log. Lines are written at once, so none is lost when the process ends. */
export function createLog({ level, debug = false, destination }: LogOptions): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => loggedError(error, debug) },
    },
    destination ?? prettyStream() ?? pino.destination({ fd: STDERR_FD, sync: true }),
  );
}

/** What a log keeps of an error. */
export function loggedError(error: unknown, debug = false, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: `a thrown ${typeof error}` };
  const code = (error as { code?: unknown }).code;
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    message: error instanceof FlowlyError ? error.message : error.message.slice(0, MESSAGE_CHARS_MAX),
    ...(debug ? { stack: error.stack } : {}),
    ...(error.cause === undefined || depth >= CAUSES_MAX ? {} : { cause: loggedError(error.cause, debug, depth + 1) }),
  };
}

/** pino-pretty is a tool of developers: it may not be there. */
function prettyStream(): DestinationStream | undefined {
  if (process.stderr.isTTY !== true) return undefined;
  const load = createRequire(import.meta.url);
  try {
    load.resolve('pino-pretty');
  } catch {
    return undefined; // not installed: lines of JSON then
  }
  const { default: pretty } = load('pino-pretty') as { default: (options: object) => DestinationStream };
  return pretty({
    destination: STDERR_FD,
    sync: true,
    colorize: !process.env.NO_COLOR,
    ignore: 'pid',
    translateTime: 'SYS:HH:MM:ss.l',
  });
}

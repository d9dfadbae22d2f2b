/**
 * The frame of every command: `--help` with a line and an example, `--json`, `--debug`, and what its action is handed.
 * Owns commander; knows no command. Invariant: an action gets checked flags and settings, or is not run.
 */
import { Command } from 'commander';
import type { Logger } from 'pino';
import { type Config, type LogLevel, readConfig } from '../runtime/config.ts';
import { createLog } from '../runtime/log.ts';
import { EXIT_OK, UsageError } from './errors.ts';
import type { Output } from './output.ts';

export const PROGRAM_NAME = 'flowly-credits';

/** What a command's action works with beside its flags. */
export interface Invocation {
  readonly output: Output;
  /** Print JSON alone on standard output. */
  readonly json: boolean;
  readonly debug: boolean;
  readonly config: Config;
  readonly log: Logger;
}

export interface CommandWords {
  /** One line, as `--help` lists it. */
  readonly summary: string;
  /** Command lines without the program's name. */
  readonly examples: readonly string[];
  /** More than the line, for its own `--help`. */
  readonly details?: string;
  /** Log level when LOG_LEVEL is unset. */
  readonly logLevel?: LogLevel;
}

/** Flags as commander hands them over, and the arguments in their order. A number it resolves to is the exit code; anything else is 0. */
export type Action<Options> = (invocation: Invocation, options: Options, args: readonly string[]) => Promise<unknown>;

/** Registers commands on a root and remembers how the one that ran ended. */
export class Program {
  readonly root: Command;
  exitCode = EXIT_OK;
  private readonly output: Output;
  private readonly env: NodeJS.ProcessEnv;

  constructor(output: Output, env: NodeJS.ProcessEnv, version: string) {
    this.output = output;
    this.env = env;
    this.root = configure(new Command(PROGRAM_NAME), output)
      .description('Turns AI usage into credits: exact balances in Redis, rollups in ClickHouse.')
      .usage('<command> [flags]')
      .version(version, '-V, --version', 'print the version')
      .helpOption('-h, --help', 'print this help')
      .helpCommand(false)
      .addHelpText('after', `\n${PROGRAM_NAME} <command> --help tells more about one.`);
  }

  /** Adds a command; `parent` is the root unless it is one word of two (`dead-letters list`). */
  command(name: string, words: CommandWords, parent: Command = this.root): Command {
    const command = configure(parent.command(name), this.output)
      .summary(words.summary)
      .description(words.details === undefined ? words.summary : `${words.summary}\n\n${words.details}`)
      .option('--json', 'print JSON alone on standard output')
      .option('--debug', 'print errors with their stack trace')
      .helpOption('-h, --help', 'print this help')
      .addHelpText(
        'after',
        ['\nExamples:', ...words.examples.map((one) => `  $ npx ${PROGRAM_NAME} ${one}`)].join('\n'),
      );
    defaultLogLevel.set(command, words.logLevel ?? 'warn');
    return command;
  }

  /** A word that only groups commands (`dead-letters`). */
  group(name: string, summary: string): Command {
    return configure(this.root.command(name), this.output)
      .summary(summary)
      .description(summary)
      .usage('<command> [flags]')
      .helpOption('-h, --help', 'print this help')
      .helpCommand(false);
  }

  /** What the command does. */
  action<Options extends object>(command: Command, run: Action<Options>): void {
    command.action(async () => {
      const options = command.opts<Options & { json?: boolean; debug?: boolean }>();
      const config = readConfig(this.env);
      const debug = options.debug === true || this.env.FLOWLY_DEBUG === '1';
      const log = createLog({ level: config.logLevel ?? defaultLogLevel.get(command) ?? 'warn', debug });
      const invocation = { output: this.output, json: options.json === true, debug, config, log };
      const code = await run(invocation, options, command.args);
      this.exitCode = typeof code === 'number' ? code : EXIT_OK;
    });
  }
}

const defaultLogLevel = new WeakMap<Command, LogLevel>();

/** Help goes where results go, complaints become UsageErrors (see `main.ts`), and nothing ends the process. */
function configure(command: Command, output: Output): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .allowExcessArguments(false)
    .configureHelp({ sortSubcommands: false, subcommandTerm: (one) => one.name() })
    .configureOutput({
      writeOut: (text) => output.stdout.write(text),
      writeErr: (text) => output.stderr.write(text),
      outputError: () => undefined, // main.ts prints the error in the program's own shape
    });
}

/** A word that was typed, as far as it is shown; the longest of commander's own and of our flags is far shorter. */
const WORD_CHARS_MAX = 60;
const LONG_WORD = new RegExp(`\\S{${WORD_CHARS_MAX + 1},}`, 'g');

/** Commander's complaint as a sentence: "unknown option '--jsn' (Did you mean --json?)". */
export function usageSentence(message: string): UsageError {
  const words = message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(LONG_WORD, (word) => `${word.slice(0, WORD_CHARS_MAX)}…`)
    .trim();
  return new UsageError(`${words.endsWith(')') || words.endsWith('.') ? words : `${words}.`}`);
}

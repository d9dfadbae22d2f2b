/**
 * The command line: parses the arguments, runs one command, turns whatever happens into plain lines and an exit code.
 * Never ends the process itself: what a command opened is closed when it returns.
 */
import { readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { CommanderError } from 'commander';
import { registerCommands } from './commands.ts';
import { EXIT_OK, errorLines, exitCodeOf } from './errors.ts';
import { Output } from './output.ts';
import { PROGRAM_NAME, Program, usageSentence } from './program.ts';

/** Where a run reads its settings and writes to; the process's own unless a test hands in others. */
export interface Surroundings {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs `flowly-credits <argv>`; resolves to the exit code: 0, 1 (it failed) or 2 (bad usage). Never rejects. */
export async function main(argv: readonly string[], { stdout, stderr, env }: Surroundings = process): Promise<number> {
  const output = new Output(stdout, stderr);
  const debug = argv.includes('--debug') || env.FLOWLY_DEBUG === '1';
  try {
    const program = new Program(output, env, version());
    registerCommands(program);
    await program.root.parseAsync([...argv], { from: 'user' });
    return program.exitCode;
  } catch (error) {
    return report(error, output, debug);
  } finally {
    await output.finish();
  }
}

function report(thrown: unknown, output: Output, debug: boolean): number {
  if (thrown instanceof CommanderError && thrown.exitCode === EXIT_OK) return EXIT_OK; // --help, --version
  const error = thrown instanceof CommanderError ? usageSentence(commanderWords(thrown)) : thrown;
  for (const line of errorLines(error, debug)) output.say(`${PROGRAM_NAME}: ${line}`);
  return exitCodeOf(error);
}

/** Called with no command, commander has already printed the help. */
function commanderWords(error: CommanderError): string {
  return error.code === 'commander.help' ? 'a command is missing' : error.message;
}

/** package.json lies beside this folder in the sources, and above dist/ in the package. */
function version(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version: found } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<
        string,
        string
      >;
      if (name === PROGRAM_NAME && found !== undefined) return found;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return 'unknown';
}

/** `simulate`: what would have happened. A script on engines of its own, whatever the settings say of others. */
import type { Readable } from 'node:stream';
import { systemClock } from '../../core/clock.ts';
import { EXIT_FAILED, EXIT_OK, Interrupted } from '../errors.ts';
import { openInput, readError } from '../ingest/input.ts';
import { untilInterrupted } from '../interrupt.ts';
import type { Invocation, Program } from '../program.ts';
import { JOB_NAMES } from '../simulate/jobs.ts';
import { READ_NAMES } from '../simulate/parameters.ts';
import { play } from '../simulate/play.ts';
import { isReadError } from '../simulate/reads.ts';
import { withSandbox } from '../simulate/sandbox.ts';
import { readScript } from '../simulate/script.ts';
import { withSystem } from '../system.ts';
import { makeFolder, removeFolder } from '../temporary-folder.ts';

export function registerSimulate(program: Program): void {
  const command = program
    .command('simulate', {
      summary: 'play a script in a sandbox with a clock of its own',
      details:
        'Starts engines of its own under a temporary folder and takes a script of JSON lines, each in full effect before ' +
        'the next: usage events and account commands as ingest takes them, and\n' +
        '  {"now": T}      moves the simulated clock; only forward\n' +
        `  {"job": NAME}   runs a scheduled job (${JOB_NAMES.join(', ')})\n` +
        `  {"read": WHAT}  prints what that command prints with --json (${READ_NAMES.join(', ')}), on one line. Its\n` +
        '                  parameters are the command’s arguments and flags: account, server, event, keySource, timeZone …\n' +
        'Two reads are no commands. mails: those of `alerts`, each with its subject and text; no mail leaves a sandbox, so ' +
        'what is not superseded is unsent. platform-events: what the platform would be told of an account, oldest first.\n' +
        'The clock starts at the first "now". Lines before it happen at the latest time they name (occurredAt, at), where ' +
        'that is earlier; without any "now" before the first read, the present takes its place.\n' +
        'What the service would set aside becomes a dead letter. A line that is no line of a script is refused with its ' +
        'number, and ends the run with exit code 2; of a file before anything is started. A read that its command would ' +
        'fail for prints {"error":{"code","message"}}; the exit code is then 1.\n' +
        'PRICE_BOOK and ACCEPT_DAYS count; no other setting does.\n\n' +
        'A script:\n' +
        '  {"now":"2026-01-31T08:00:00Z"}\n' +
        '  {"type":"account.upsert","id":"up","accountId":"acme","email":"owner@example.com","timeZone":"Europe/Berlin",\n' +
        '   "anchor":"2026-01-31T00:00:00","plan":{"id":"pro","monthlyCredits":"100"}}   (on one line)\n' +
        '  {"now":"2026-02-28T09:00:00Z"}\n' +
        '  {"read":"balance","account":"acme"}',
      examples: ['simulate script.ndjson', 'my-integration-tests | npx flowly-credits simulate -'],
    })
    .argument('<file>', 'NDJSON file, or - for standard input');
  program.action(command, (invocation, _options, [file]) => simulate(invocation, file!));
}

async function simulate(invocation: Invocation, file: string): Promise<number> {
  const presentMs = systemClock();
  const { input, size } = openInput(file);
  // A file can be read twice: what is wrong with it is said at once.
  if (size !== undefined) await named(file, check(openInput(file).input, presentMs));
  return untilInterrupted(
    async (interrupted) => {
      const folder = makeFolder('simulate');
      try {
        return await run({ invocation, folder, input, presentMs, interrupted });
      } catch (error) {
        throw interrupted.aborted ? new Interrupted('stopped.') : readError(error, file);
      } finally {
        input.destroy();
        await removeFolder(folder);
      }
    },
    () => process.exit(EXIT_FAILED),
  );
}

interface Run {
  readonly invocation: Invocation;
  readonly folder: string;
  readonly input: Readable;
  readonly presentMs: number;
  readonly interrupted: AbortSignal;
}

function run({ invocation, folder, input, presentMs, interrupted }: Run): Promise<number> {
  const { output } = invocation;
  const config = { ...invocation.config, dataDir: folder, redisUrl: undefined, clickhouseUrl: undefined };
  return withSystem({ ...invocation, config }, (system) =>
    withSandbox(system, interrupted, async (sandbox) => {
      const stop = (): void => void input.destroy();
      sandbox.signal.addEventListener('abort', stop, { once: true });
      sandbox.signal.throwIfAborted(); // before anybody listened
      let failed = 0;
      for await (const steps of readScript(input, presentMs)) {
        for await (const { line, answer } of play(sandbox, steps)) {
          await output.json(answer);
          if (!isReadError(answer)) continue;
          failed += 1;
          output.say(`flowly-credits: line ${line}: ${answer.error.message}`);
        }
      }
      return failed > 0 ? EXIT_FAILED : EXIT_OK;
    }),
  );
}

/** Reads a script and does nothing. Throws ScriptError. */
async function check(input: Readable, presentMs: number): Promise<void> {
  for await (const _ of readScript(input, presentMs));
}

async function named<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw readError(error, file);
  }
}

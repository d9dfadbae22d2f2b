/** `ingest`: a file of events and account commands onto the queues, in its order. */
import { EXIT_FAILED, EXIT_OK, Interrupted } from '../errors.ts';
import { type FeedTotals, feed } from '../ingest/feed.ts';
import { openInput, readError } from '../ingest/input.ts';
import { JobWindow } from '../ingest/window.ts';
import { untilInterrupted } from '../interrupt.ts';
import type { Invocation, Program } from '../program.ts';
import { withSystem } from '../system.ts';
import { plural, showBytes, showCount } from '../terminal/format.ts';
import { openProgress, type Progress } from '../terminal/progress.ts';
import { withWorkers } from '../workers.ts';

/** Lines that are named one by one; a file of the wrong kind has only such. */
const INVALID_LINES_NAMED_MAX = 20;
/** The bar is drawn when there is something new, and a slow step must not look like a stop. */
const PROGRESS_MS = 100;

export function registerIngest(program: Program): void {
  const command = program
    .command('ingest', {
      summary: 'queue events and account commands from a file of JSON lines',
      details:
        'Lines with a "type" are account commands, all others are usage events. A run of commands is queued when ' +
        'everything before it has been applied, and what follows when they have. Running a file again changes nothing: ' +
        'every id counts once. A line that is no JSON object is named and left out; the exit code is then 1.\n' +
        '--json prints {"events":n,"commands":n,"jobs":n,"invalid":n}.',
      examples: ['ingest events.ndjson', 'zcat events.ndjson.gz | npx flowly-credits ingest -'],
    })
    .argument('<file>', 'NDJSON file, or - for standard input');
  program.action(command, (invocation, _options, [file]) => ingest(invocation, file!));
}

async function ingest(invocation: Invocation, file: string): Promise<number> {
  const { output, json } = invocation;
  const { input, size } = openInput(file);
  const totals: FeedTotals = { events: 0, commands: 0, jobs: 0, invalid: 0, bytes: 0, line: 0 };
  await withSystem(invocation, (system) =>
    untilInterrupted(
      (interrupted) =>
        withWorkers(system, interrupted, async (_workers, signal) => {
          const progress = openProgress(output, 'ingest');
          const timer = setInterval(() => show(progress, totals, size), PROGRESS_MS);
          const window = new JobWindow(system.redis, signal);
          try {
            await feed({ input, ...system.queues, window, signal, totals, onInvalid: nameLine(invocation, totals) });
          } catch (error) {
            throw interrupted.aborted ? new Interrupted(howFar(totals)) : readError(error, file);
          } finally {
            clearInterval(timer);
            progress.stop();
          }
        }),
      () => process.exit(EXIT_FAILED),
    ),
  );
  const { events, commands, jobs, invalid } = totals;
  if (invalid > INVALID_LINES_NAMED_MAX)
    output.say(`flowly-credits: ${plural(invalid, 'line')} in all could not be used.`);
  if (json) await output.json({ events, commands, jobs, invalid });
  else {
    await output.line(
      `Queued ${plural(events, 'event')} and ${plural(commands, 'command')} in ${plural(jobs, 'job')}; ${plural(invalid, 'invalid line')}.`,
    );
    await output.line('`flowly-credits drain` waits until all of it has been applied and written to ClickHouse.');
  }
  return invalid > 0 ? EXIT_FAILED : EXIT_OK;
}

function nameLine({ output }: Invocation, totals: FeedTotals): (line: number, problem: string) => void {
  return (line, problem) => {
    if (totals.invalid <= INVALID_LINES_NAMED_MAX) output.say(`flowly-credits: line ${showCount(line)} ${problem}.`);
    if (totals.invalid === INVALID_LINES_NAMED_MAX)
      output.say('flowly-credits: further lines that cannot be used are only counted.');
  };
}

function show(progress: Progress, { events, commands, bytes }: FeedTotals, size: number | undefined): void {
  const done = `${plural(events, 'event')}, ${plural(commands, 'command')}`;
  if (size === undefined || size === 0) progress.update(undefined, `${done}, ${showBytes(bytes)}`);
  else progress.update(Math.min(bytes / size, 1), `${done}, ${showBytes(bytes)} of ${showBytes(size)}`);
}

function howFar({ events, commands, line }: FeedTotals): string {
  return (
    `stopped: every line up to line ${showCount(line)} is queued (${plural(events, 'event')}, ${plural(commands, 'command')}). ` +
    'Run it again to go on; what was taken counts once.'
  );
}

/** `jobs list` and `jobs run`: the scheduled jobs, and running one of them now. */
import { JOB_TIME_ZONE, nextRunAfter, SCHEDULED_JOBS } from '../../jobs/registry.ts';
import { type JobRun, type LastRun, lastRuns, runJob } from '../../jobs/run-job.ts';
import { scheduledTimes } from '../../jobs/schedule.ts';
import { JOBS_QUEUE, openQueue } from '../../workers/queues.ts';
import { EXIT_FAILED, EXIT_OK } from '../errors.ts';
import { choiceFlag, instantOf, type TimeFlag, timeFlag } from '../flags.ts';
import { flushWhatWaits } from '../flushed.ts';
import { untilInterrupted } from '../interrupt.ts';
import type { Invocation, Program } from '../program.ts';
import { jobTools } from '../service.ts';
import { type System, withSystem } from '../system.ts';
import { cellText, isoTime } from '../terminal/format.ts';
import { styled, table } from '../terminal/table.ts';

const NAMES = SCHEDULED_JOBS.map((one) => one.name);
const RESULT_CHARS_MAX = 90;
const CELL_CHARS_MAX = 60;

export function registerJobs(program: Program): void {
  const group = program.group('jobs', 'look at the scheduled jobs, or run one now');
  const list = program.command(
    'list',
    {
      summary: 'list the scheduled jobs with their last and next runs',
      details:
        `Patterns are read in ${JOB_TIME_ZONE}; start runs the jobs. A schedule is only a hint: run twice, late or never, ` +
        'balances and resets are the same, because every debit and read brings its account up to date itself.',
      examples: ['jobs list', 'jobs list --json'],
    },
    group,
  );
  program.action(list, listJobs);
  const run = program
    .command(
      'run',
      {
        summary: 'run a scheduled job now, or see what it would do at a time to come',
        details:
          `The jobs are ${NAMES.join(', ')}. With a T ahead of the clock it is a dry run: it prints what would happen and ` +
          'changes nothing. Any other T runs it. A bare date is its midnight in UTC. Exits 1 when what the job checks does ' +
          'not hold.\n--json prints {"job","at","dryRun","ok","summary","rows"}.',
        examples: ['jobs run cycle-reset', 'jobs run cycle-reset --at 2027-01-01', 'jobs run reconcile --json'],
      },
      group,
    )
    .argument('<name>', `${NAMES.slice(0, -1).join(', ')} or ${NAMES.at(-1)}`, choiceFlag('NAME', NAMES))
    .option(
      '--at <T>',
      'run it as if it were T: an ISO 8601 time with an offset, epoch ms or a date',
      timeFlag('--at'),
    );
  program.action<{ at?: TimeFlag }>(run, (invocation, { at }, [name]) =>
    runNow(invocation, name!, at === undefined ? {} : { now: instantOf(at) }),
  );
}

/** A job as `--json` prints it. */
interface ListedJob {
  readonly name: string;
  readonly what: string;
  readonly pattern: string;
  readonly timeZone: string;
  readonly lastRun: LastRun | null;
  /** By its schedule; where no service has scheduled it, when its pattern comes next. */
  readonly nextRun: string;
}

function listJobs(invocation: Invocation): Promise<void> {
  const { output, json } = invocation;
  return withSystem(invocation, async (system) => {
    const jobs = await listed(system);
    if (json) return output.jsonArray(jobs);
    return output.line(
      table<ListedJob>(
        [
          { title: 'JOB', cell: (one) => one.name },
          { title: `PATTERN (${JOB_TIME_ZONE})`, cell: (one) => one.pattern },
          { title: 'LAST RUN', cell: (one) => (one.lastRun === null ? 'never' : shortTime(one.lastRun.at)) },
          { title: 'NEXT RUN', cell: (one) => shortTime(one.nextRun) },
          { title: 'RESULT', cell: ({ lastRun }) => (lastRun === null ? '' : resultCell(lastRun)) },
        ],
        jobs,
      ),
    );
  });
}

async function listed({ ledger, redis, log }: System): Promise<ListedJob[]> {
  const queue = openQueue(JOBS_QUEUE, redis, ledger.keys.tag);
  // Its connection says what is wrong; a queue that nobody listens to prints the error with its stack.
  queue.on('error', (error) => log.debug({ event: 'queue-error', err: error }, 'the queue jobs could not be reached'));
  try {
    const [last, next] = [await lastRuns(ledger), await scheduledTimes(queue)];
    return SCHEDULED_JOBS.map(({ name, what, pattern }) => ({
      ...{ name, what, pattern, timeZone: JOB_TIME_ZONE },
      lastRun: last.get(name) ?? null,
      nextRun: isoTime(next.get(name) ?? nextRunAfter(pattern, Date.now())),
    }));
  } finally {
    await queue.close();
  }
}

async function runNow(invocation: Invocation, name: string, moment: { now?: number }): Promise<number> {
  const { output, json } = invocation;
  const run = await withSystem(invocation, (system) =>
    untilInterrupted(
      async (signal) => {
        const flushing = await flushWhatWaits(system);
        try {
          const running = runJob(name, await jobTools(system, signal), moment);
          return await Promise.race([running, flushing.failed]);
        } finally {
          await flushing.stop();
        }
      },
      () => process.exit(EXIT_FAILED),
    ),
  );
  await (json ? output.json(run) : output.line(runPage(run)));
  return run.ok ? EXIT_OK : EXIT_FAILED;
}

function runPage({ job, at, dryRun, summary, rows, ok }: JobRun): string {
  const head = dryRun
    ? `${job} as of ${shortTime(at)} would do this; nothing was changed.`
    : `${job} at ${shortTime(at)}: ${ok ? styled('green', 'ok') : styled('red', 'failed')}.`;
  const names = Object.keys(rows[0] ?? {});
  const columns = names.map((name) => ({
    title: name.toUpperCase(),
    align: typeof rows[0]![name] === 'number' ? ('right' as const) : ('left' as const),
    cell: (row: JobRun['rows'][number]) => cellText(String(row[name]), CELL_CHARS_MAX),
  }));
  return [head, summary, ...(names.length === 0 ? [] : ['', table(columns, rows)])].join('\n');
}

const shortTime = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;

function resultCell({ ok, summary }: LastRun): string {
  return `${ok ? styled('green', 'ok') : styled('red', 'failed')}: ${cellText(summary, RESULT_CHARS_MAX)}`;
}

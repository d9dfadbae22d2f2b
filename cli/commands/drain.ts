/** `drain`: waits until nothing is queued, nothing failed waits for its retry, and everything is in ClickHouse. */
import { EXIT_FAILED, EXIT_OK, Interrupted } from '../errors.ts';
import { secondsFlag } from '../flags.ts';
import { untilInterrupted } from '../interrupt.ts';
import { isDrained, type Left, readLeft, untilDrained } from '../left.ts';
import type { Invocation, Program } from '../program.ts';
import { type System, withSystem } from '../system.ts';
import { plural, showCount } from '../terminal/format.ts';
import { openProgress } from '../terminal/progress.ts';
import { withWorkers } from '../workers.ts';

/** A week: nobody waits longer. */
const TIMEOUT_S_MAX = 604_800;
export function registerDrain(program: Program): void {
  const command = program
    .command('drain', {
      summary: 'wait until nothing is queued or unflushed',
      details:
        'Runs the workers itself where no service does. parked counts what waits for an account or a model, deadLetters ' +
        'everything set aside so far; neither is waited for. Exits 1 when the time is up first.\n' +
        '--json prints {"queued":0,"failed":0,"unflushed":0,"parked":n,"deadLetters":n}.',
      examples: ['drain', 'drain --timeout 60 --json'],
    })
    .option(
      '--timeout <S>',
      'seconds to wait at most (default: as long as it takes)',
      secondsFlag('--timeout', TIMEOUT_S_MAX),
    );
  program.action<{ timeout?: number }>(command, (invocation, { timeout }) => drain(invocation, timeout));
}

async function drain(invocation: Invocation, timeoutMs = Number.POSITIVE_INFINITY): Promise<number> {
  const { output, json } = invocation;
  const left = await withSystem(invocation, (system) =>
    untilInterrupted(
      (interrupted) => waitFor(system, invocation, interrupted, timeoutMs),
      () => process.exit(EXIT_FAILED),
    ),
  );
  const done = isDrained(left);
  if (json) await output.json(left);
  else if (done) {
    await output.line(
      `Drained: nothing is queued, everything is in ClickHouse. ${plural(left.parked, 'item')} parked, ${plural(left.deadLetters, 'dead letter')}.`,
    );
  }
  if (!done) output.say(`flowly-credits: not drained within ${showCount(timeoutMs / 1000)} s: ${inWords(left)}.`);
  return done ? EXIT_OK : EXIT_FAILED;
}

async function waitFor(
  system: System,
  { output }: Invocation,
  interrupted: AbortSignal,
  timeoutMs: number,
): Promise<Left> {
  const deadline = performance.now() + timeoutMs;
  const first = await readLeft(system);
  if (isDrained(first)) return first; // no workers are needed for nothing
  const progress = openProgress(output, 'drain');
  let most = 1;
  const onLook = (left: Left): void => {
    const open = left.queued + left.failed + left.unflushed;
    most = Math.max(most, open);
    progress.update(1 - open / most, `${inWords(left)} left`);
  };
  try {
    return await withWorkers(system, interrupted, (_workers, signal) =>
      untilDrained(system, { deadline, signal, onLook }),
    );
  } catch (error) {
    if (interrupted.aborted) throw new Interrupted(`stopped: ${inWords(await readLeft(system))}.`);
    throw error;
  } finally {
    progress.stop();
  }
}

function inWords({ queued, failed, unflushed }: Left): string {
  const failures = failed === 0 ? '' : `${plural(failed, 'failed job')}, `;
  return `${plural(queued, 'job')} queued, ${failures}${plural(unflushed, 'commit')} not flushed`;
}

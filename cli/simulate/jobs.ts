/** The scheduled jobs in a script: run as `jobs run` runs them, at the simulated clock. */
import { FlowlyError, PermanentError } from '../../core/errors.ts';
import { SCHEDULED_JOBS } from '../../jobs/registry.ts';
import { runJob } from '../../jobs/run-job.ts';
import type { Sandbox } from './sandbox.ts';

export const JOB_NAMES: readonly string[] = SCHEDULED_JOBS.map(({ name }) => name);

/** Throws PermanentError, which names the line, when the job fails or what it checks does not hold. */
export async function playJob({ history, jobTools }: Sandbox, line: number, name: string): Promise<void> {
  const { redis, keys } = history.ledger;
  await history.flushedUpTo(Number(await redis.hget(keys.meta, 'sequence'))); // jobs compare with the history
  const words = await runJob(name, jobTools).then(
    ({ ok, summary }) => (ok ? undefined : summary),
    (error: unknown) => {
      if (error instanceof FlowlyError) return error.message;
      throw error;
    },
  );
  if (words !== undefined) throw new PermanentError('job-failed', `line ${line}: the job ${name} failed: ${words}`);
}

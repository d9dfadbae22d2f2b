/**
 * Plays the steps of a script in a sandbox and hands out the answers of its reads, in their order.
 * Steps that follow each other at one moment go together where that cannot change what comes out: events of different
 * accounts as one job, reads side by side. After each of them every mail that it decided is sent.
 * Invariant: no job has two events of one account. A job is one commit, and a commit tells an account once what it crossed.
 */
import { JOB_BYTES_MAX, JOB_EVENTS_MAX } from '../ingest/feed.ts';
import { playJob } from './jobs.ts';
import { answersOf, type ReadError } from './reads.ts';
import type { Sandbox } from './sandbox.ts';
import type { Step } from './steps.ts';

/** Reads asked side by side: the queries of more would only wait for each other. */
const READS_MAX = 64;

/** `line` is the read's. */
export interface Answer {
  readonly line: number;
  readonly answer: object | ReadError;
}

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>;

/** Plays steps that are known together; resolves when the last has taken effect. */
export async function* play(sandbox: Sandbox, steps: readonly Step[]): AsyncGenerator<Answer> {
  for (const group of groupsOf(steps)) {
    sandbox.signal.throwIfAborted();
    const [first] = group as [Step];
    if (first.kind === 'now') await sandbox.setClock(first.ms);
    else if (first.kind === 'job') await playJob(sandbox, first.line, first.name);
    else if (first.kind === 'command') await sandbox.sendCommand(first);
    else if (first.kind === 'event') {
      for (const events of jobsOf(group as Of<'event'>[])) {
        await sandbox.sendEvents(events);
        await sandbox.sendMails();
      }
    } else {
      const reads = group as Of<'read'>[];
      const answers = await answersOf(
        sandbox,
        reads.map(({ read }) => read),
      );
      for (const [i, { line }] of reads.entries()) yield { line, answer: answers[i]! };
    }
    await sandbox.sendMails();
  }
}

const MEMBERS_MAX: Readonly<Record<Step['kind'], number>> = {
  ...{ now: 1, job: 1, event: JOB_EVENTS_MAX, command: 1, read: READS_MAX },
};

/** Events of accounts that differ change nothing for each other, whether they are one commit or many. */
function jobsOf(steps: readonly Of<'event'>[]): (readonly object[])[] {
  const jobs: object[][] = [];
  let accounts = new Set<unknown>();
  for (const { event } of steps) {
    const { accountId } = event as { readonly accountId?: unknown };
    if (jobs.length === 0 || accounts.has(accountId)) {
      jobs.push([]);
      accounts = new Set();
    }
    jobs.at(-1)!.push(event);
    accounts.add(accountId);
  }
  return jobs;
}

/** Runs of steps of one kind, each no larger than may go together. */
function* groupsOf(steps: readonly Step[]): Generator<readonly Step[]> {
  let group: Step[] = [];
  let bytes = 0;
  for (const step of steps) {
    const size = 'bytes' in step ? step.bytes : 0;
    const kind = group[0]?.kind;
    if (
      kind !== undefined &&
      (kind !== step.kind || group.length >= MEMBERS_MAX[kind] || bytes + size > JOB_BYTES_MAX)
    ) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(step);
    bytes += size;
  }
  if (group.length > 0) yield group;
}

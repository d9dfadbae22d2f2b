/** `reconcile`: whether what was accepted, the balances and ClickHouse say the same. */
import { type Mismatch, type ReconcileReport, reconcile } from '../../jobs/reconcile.ts';
import { accountIds } from '../../ledger/account-ids.ts';
import { EXIT_FAILED, EXIT_OK } from '../errors.ts';
import { flushWhatWaits } from '../flushed.ts';
import { untilInterrupted } from '../interrupt.ts';
import type { Output } from '../output.ts';
import type { Invocation, Program } from '../program.ts';
import { type System, withSystem } from '../system.ts';
import { grouped, plural, showCount } from '../terminal/format.ts';
import { openProgress } from '../terminal/progress.ts';
import { table } from '../terminal/table.ts';

/** Differences a person could look through; `--json` lists more. */
const TABLE_ROWS_MAX = 50;

export function registerReconcile(program: Program): void {
  const command = program.command('reconcile', {
    summary: 'compare what was accepted, the balances and ClickHouse',
    details:
      'Reads only. As of one sequence number, whether the service is working or not: accepted events and their cost, ' +
      'both balances of every account, the parts of every event, and both rollups. Exits 1 when anything differs.\n' +
      '--json prints {"accounts":n,"events":n,"sequence":n,"drift":"0","mismatches":[]}.',
    examples: ['reconcile', 'reconcile --json'],
  });
  program.action(command, async (invocation) => {
    const report = await withSystem(invocation, (system) =>
      untilInterrupted(
        (signal) => reconcileSystem(system, invocation.output, signal),
        () => process.exit(EXIT_FAILED),
      ),
    );
    if (invocation.json) await invocation.output.json(report);
    else await print(invocation, report);
    return isBalanced(report) ? EXIT_OK : EXIT_FAILED;
  });
}

export function isBalanced({ drift, mismatches }: ReconcileReport): boolean {
  return drift === '0' && mismatches.length === 0;
}

/** Reconciles; where no service flushes what is in the outbox, it is flushed here. */
export async function reconcileSystem(system: System, output: Output, signal: AbortSignal): Promise<ReconcileReport> {
  const { ledger, reader } = system;
  const flushing = await flushWhatWaits(system);
  const progress = openProgress(output, 'reconcile');
  try {
    const ids = await accountIds(ledger);
    const onProgress = (done: number): void =>
      progress.update(done / ids.length, `${showCount(done)} of ${plural(ids.length, 'account')}`);
    const report = reconcile({ ledger, clickhouse: reader, accountIds: ids, signal, onProgress });
    return await Promise.race([report, flushing.failed]);
  } finally {
    progress.stop();
    await flushing.stop();
  }
}

async function print({ output }: Invocation, report: ReconcileReport): Promise<void> {
  const { accounts, events, sequence, drift, mismatches } = report;
  if (isBalanced(report)) {
    await output.line(
      `The books balance: ${plural(accounts, 'account')}, ${plural(events, 'accepted event')}, as of sequence ${showCount(sequence)}. Drift 0.`,
    );
    return;
  }
  await output.line(
    table<Mismatch>(
      [
        { title: 'ACCOUNT', cell: (one) => one.account },
        { title: 'WHAT', cell: (one) => one.what },
        { title: 'EXPECTED', align: 'right', cell: (one) => grouped(one.expected) },
        { title: 'FOUND', align: 'right', cell: (one) => grouped(one.found) },
      ],
      mismatches.slice(0, TABLE_ROWS_MAX),
    ),
  );
  if (mismatches.length > TABLE_ROWS_MAX)
    await output.line(`… and ${plural(mismatches.length - TABLE_ROWS_MAX, 'more difference')}; --json lists them.`);
  await output.line(
    `\nThe books do not balance: drift ${grouped(drift)} credits, as of sequence ${showCount(sequence)}.`,
  );
}

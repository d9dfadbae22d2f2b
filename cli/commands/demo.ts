/** `demo`: the whole story on sample data, on engines of its own. Touches no other data, whatever the settings say. */
import { resolve } from 'node:path';
import { readConfig } from '../../runtime/config.ts';
import { loadPriceBook } from '../../schema/price-book.ts';
import { type DemoReport, tellStory } from '../demo/story.ts';
import { indented, mailLines } from '../demo/views.ts';
import { EXIT_FAILED, EXIT_OK, Interrupted } from '../errors.ts';
import { pathFlag } from '../flags.ts';
import { untilInterrupted } from '../interrupt.ts';
import type { Invocation, Program } from '../program.ts';
import { withSystem } from '../system.ts';
import { makeFolder, removeFolder } from '../temporary-folder.ts';
import { styled } from '../terminal/table.ts';
import { withWorkers } from '../workers.ts';
import { isBalanced } from './reconcile.ts';

/** Found at once by whoever has run it. */
const MAILS_DEFAULT = 'demo-mails';

interface Flags {
  readonly keep?: boolean;
  readonly mails?: string;
}

export function registerDemo(program: Program): void {
  const command = program
    .command('demo', {
      summary: 'run the whole path on sample data, in under a minute',
      details:
        'Starts engines of its own under a temporary folder and sends three accounts, six servers and three days of ' +
        'calls around the end of a month through the real queues and workers: a daily limit, a purchase, an own key, ' +
        'an account that uses more than it has, a reset. After every step the books are checked against the plain ' +
        'rules worked out in memory, and at the end against ClickHouse. The mails that its owners get are not sent: they ' +
        'are written as files to open. Exits 1 when the books do not balance.',
      examples: ['demo', 'demo --keep'],
    })
    .option('--keep', 'keep the folder, to look at it with the other commands')
    .option('--mails <DIR>', `folder for the mails (default: ${MAILS_DEFAULT} in this folder)`, pathFlag('--mails'));
  program.action<Flags>(command, (invocation, flags) => demo(invocation, flags));
}

async function demo(invocation: Invocation, { keep = false, mails = MAILS_DEFAULT }: Flags): Promise<number> {
  const { output, json } = invocation;
  const folder = makeFolder('demo');
  const tell = json ? async (): Promise<void> => undefined : (text: string) => output.line(text);
  await tell(
    'Three accounts and six servers through the end of a month: made-up calls and a\n' +
      'clock set by hand; real queues, workers, Redis and ClickHouse. Starting them …',
  );
  try {
    // Settings of its own: no engine, no mail server and no data of anybody else's is touched.
    const config = { ...readConfig({}), dataDir: folder };
    const report = await withSystem({ ...invocation, config }, async (system) => {
      const book = await loadPriceBook();
      return untilInterrupted(
        (interrupted) =>
          withWorkers(system, interrupted, (_workers, signal) =>
            tellStory({ system, book, output, tell, signal, mailFolder: resolve(mails) }),
          ).catch((error: unknown) => {
            throw interrupted.aborted ? new Interrupted('stopped.') : error;
          }),
        () => process.exit(EXIT_FAILED),
      );
    });
    const good = isBalanced(report.reconcile) && report.differences.length === 0;
    if (json) await output.json({ balanced: good, ...report });
    else {
      await tell(verdict(report, good));
      await tell(`\n${styled('bold', 'What its owners got by mail')}\n${indented(mailLines(report.mails))}`);
      await tell(indented(`As files to open: ${report.files.at(-1)}`));
    }
    return good ? EXIT_OK : EXIT_FAILED;
  } finally {
    if (keep)
      output.say(`flowly-credits: kept. Look at it with: FLOWLY_DATA_DIR=${folder} npx flowly-credits balance --all`);
    else await removeFolder(folder);
  }
}

function verdict({ reconcile, differences }: DemoReport, good: boolean): string {
  const found = [
    ...differences,
    ...reconcile.mismatches.map(
      ({ account, what, expected, found: got }) => `${account}: ${what} is ${got}, but must be ${expected}.`,
    ),
  ];
  if (good) {
    return [
      `   ${styled('green', 'Yes.')} Accepted events, balances, raw rows and both rollups agree: drift ${reconcile.drift}.`,
      '   After every step they are what the plain rules give, worked out in memory.',
    ].join('\n');
  }
  return [`   ${styled('red', 'No.')} Drift ${reconcile.drift}.`, ...found.map((line) => `   ${line}`)].join('\n');
}

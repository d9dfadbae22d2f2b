/** `demo`: the whole story on sample data, on engines of its own. Touches no other data, whatever the settings say. */
import { loadPriceBook } from '../../schema/price-book.ts';
import { type DemoReport, tellStory } from '../demo/story.ts';
import { EXIT_FAILED, EXIT_OK, Interrupted } from '../errors.ts';
import { untilInterrupted } from '../interrupt.ts';
import type { Invocation, Program } from '../program.ts';
import { withSystem } from '../system.ts';
import { makeFolder, removeFolder } from '../temporary-folder.ts';
import { styled } from '../terminal/table.ts';
import { withWorkers } from '../workers.ts';
import { isBalanced } from './reconcile.ts';

export function registerDemo(program: Program): void {
  const command = program
    .command('demo', {
      summary: 'run the whole path on sample data, in under a minute',
      details:
        'Starts engines of its own under a temporary folder and sends three accounts, six servers and three days of ' +
        'calls around the end of a month through the real queues and workers: a daily limit, a purchase, an own key, ' +
        'an account that uses more than it has, a reset. After every step the books are checked against the plain ' +
        'rules worked out in memory, and at the end against ClickHouse. Exits 1 when they do not balance.',
      examples: ['demo', 'demo --keep'],
    })
    .option('--keep', 'keep the folder, to look at it with the other commands');
  program.action<{ keep?: boolean }>(command, (invocation, { keep }) => demo(invocation, keep === true));
}

async function demo(invocation: Invocation, keep: boolean): Promise<number> {
  const { output, json } = invocation;
  const folder = makeFolder('demo');
  const tell = json ? async (): Promise<void> => undefined : (text: string) => output.line(text);
  await tell(
    'Three accounts and six servers through the end of a month: made-up calls and a\n' +
      'clock set by hand; real queues, workers, Redis and ClickHouse. Starting them …',
  );
  try {
    const config = {
      ...invocation.config,
      dataDir: folder,
      redisUrl: undefined,
      clickhouseUrl: undefined,
      priceBookPath: undefined,
    };
    const report = await withSystem({ ...invocation, config }, async (system) => {
      const book = await loadPriceBook();
      return untilInterrupted(
        (interrupted) =>
          withWorkers(system, interrupted, (_workers, signal) =>
            tellStory({ system, book, output, tell, signal }),
          ).catch((error: unknown) => {
            throw interrupted.aborted ? new Interrupted('stopped.') : error;
          }),
        () => process.exit(EXIT_FAILED),
      );
    });
    const good = isBalanced(report.reconcile) && report.differences.length === 0;
    if (json) await output.json({ balanced: good, ...report });
    else await tell(verdict(report, good));
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

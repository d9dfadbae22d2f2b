/** `ledger`: what happened to an account's credits, entry by entry. */
import { EXIT_FAILED, EXIT_OK, UsageError } from '../errors.ts';
import { idFlag, integerFlag, timeFlag } from '../flags.ts';
import { historyOf } from '../flushed.ts';
import { askLedger, type LedgerFlags, ledgerShapes, verifyLedger } from '../ledger/ask.ts';
import { CYCLE_MAX, LINES_MAX } from '../ledger/limits.ts';
import { lastLines } from '../ledger/read.ts';
import type { ChainReport } from '../ledger/verify.ts';
import { ledgerView } from '../ledger/view.ts';
import type { Invocation, Program } from '../program.ts';
import { withSystem } from '../system.ts';
import { plural } from '../terminal/format.ts';
import { rangeOf } from '../usage/range.ts';

/** Lines a person looks through; `--json` prints all. */
const TABLE_LINES = 200;
const OWN_FLAGS_OF_VERIFY = new Set(['verify', 'json', 'debug']);

interface Flags extends LedgerFlags {
  readonly verify?: boolean;
}

export function registerLedger(program: Program): void {
  const time = 'a date in the account’s time zone, an ISO 8601 time with an offset, or epoch milliseconds';
  const command = program
    .command('ledger', {
      summary: 'print what happened to an account’s credits, with the balance after each entry',
      details:
        'Every opening, grant, expiry, purchase, refund and void in the order of the commits, and the usage between ' +
        'them: the calls of one cycle between two entries are one line, with --events each is one. Calls that cost ' +
        'nothing change nothing and are not listed. A late call that the cycle before paid is usage of that cycle.\n' +
        '--json prints an array of entries; amounts are signed credits.\n' +
        '--verify checks instead that nothing of it was changed, removed or added since it was written: each entry, and ' +
        'the calls of each block, carry a hash that goes on from the one before. Exits 1 and names the first that does ' +
        'not hold.',
      examples: [
        'ledger acct-42 --verify',
        'ledger acct-42',
        'ledger acct-42 --cycle 3 --events',
        'ledger acct-42 --from 2026-11-01 --json',
      ],
    })
    .argument('<account>', 'account id', idFlag('ACCOUNT'))
    .option('--cycle <N>', 'only of this cycle', integerFlag('--cycle', 0, CYCLE_MAX))
    .option('--from <T>', `committed at or after: ${time}`, timeFlag('--from'))
    .option('--to <T>', 'committed before, in the same forms', timeFlag('--to'))
    .option(
      '--limit <N>',
      `at most the last N lines (default: all with --json, else ${TABLE_LINES})`,
      integerFlag('--limit', 1, LINES_MAX),
    )
    .option('--events', 'one line a call')
    .option('--verify', 'check the chain of the whole ledger instead');
  program.action<Flags>(command, (invocation, flags, [accountId]) => {
    if (flags.verify !== true) return ledger(invocation, accountId!, flags);
    if (Object.keys(flags).every((name) => OWN_FLAGS_OF_VERIFY.has(name))) return verify(invocation, accountId!);
    throw new UsageError('--verify checks the whole ledger, and takes no flag that chooses a part of it.', '--verify');
  });
}

function ledger(invocation: Invocation, accountId: string, flags: Flags): Promise<void> {
  const { output, json } = invocation;
  rangeOf(flags.from, flags.to, 'UTC'); // a range that is wrong in any zone is refused before anything is started
  return withSystem(invocation, async (system) => {
    const asked = await askLedger(historyOf(system), accountId, flags);
    if (asked.short !== undefined) output.say(`flowly-credits: ${asked.short}`);
    if (json) return output.jsonArray(ledgerShapes(asked, flags.limit));
    const shown = await lastLines(asked.lines, flags.limit ?? TABLE_LINES);
    return output.line(ledgerView(shown.lines, shown.before, asked.account.profile.timeZone));
  });
}

async function verify(invocation: Invocation, accountId: string): Promise<number> {
  const { output, json } = invocation;
  const report = await withSystem(invocation, (system) => verifyLedger(historyOf(system), accountId));
  if (json) await output.json(report);
  else await output.line(verdict(report));
  return report.intact ? EXIT_OK : EXIT_FAILED;
}

function verdict({ accountId, intact, entries, usageRows, block, head, broken }: ChainReport): string {
  const walked = `${plural(entries, 'entry', 'entries')} and ${plural(usageRows, 'row')} of usage, up to block ${block}`;
  if (intact) return `The ledger of ${accountId} is as it was written: ${walked}.\nIts chain ends with ${head}.`;
  return `The ledger of ${accountId} is not as it was written. Up to there it is: ${walked}.\n${broken!.what}`;
}

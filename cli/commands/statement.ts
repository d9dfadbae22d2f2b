/** `statement`: one cycle of an account on a page, with its sums checked. */
import { knownAccount } from '../accounts.ts';
import { EXIT_FAILED, EXIT_OK, UsageError } from '../errors.ts';
import { choiceFlag, idFlag, integerFlag } from '../flags.ts';
import { flushedUpTo, shortfall } from '../flushed.ts';
import type { Invocation, Program } from '../program.ts';
import type { Statement } from '../statement/build.ts';
import { statementCsv } from '../statement/csv.ts';
import { statementHtml } from '../statement/html.ts';
import { readStatement } from '../statement/read.ts';
import { statementShape } from '../statement/shape.ts';
import { statementText } from '../statement/text.ts';
import { verdictOf } from '../statement/words.ts';
import { withSystem } from '../system.ts';

const FORMATS = ['text', 'csv', 'html'] as const;
type Format = (typeof FORMATS)[number];
const CYCLE_MAX = 1_000_000;

const WRITERS: Readonly<Record<Format, (statement: Statement) => string>> = {
  text: (statement) => `${statementText(statement)}\n`,
  csv: statementCsv,
  html: statementHtml,
};

interface Flags {
  readonly cycle: number;
  readonly format?: Format;
}

export function registerStatement(program: Program): void {
  const command = program
    .command('statement', {
      summary: 'print one cycle of an account on a page',
      details:
        'Opening, grants, purchases, refunds, usage by server and model, expiry, and closing, of monthly and bonus ' +
        'credits. The sums are checked against the ledger’s own balances, of the running cycle against Redis too; ' +
        'exits 1 when they do not add up.',
      examples: ['statement acct-42 --cycle 3', 'statement acct-42 --cycle 3 --format html > statement.html'],
    })
    .argument('<account>', 'account id', idFlag('ACCOUNT'))
    .requiredOption('--cycle <N>', 'the cycle, as `balance` counts them', integerFlag('--cycle', 0, CYCLE_MAX))
    .option('--format <F>', `one of ${FORMATS.join(', ')} (default: text)`, choiceFlag('--format', FORMATS));
  program.action<Flags>(command, (invocation, flags, [accountId]) => statement(invocation, accountId!, flags));
}

async function statement(invocation: Invocation, accountId: string, { cycle, format }: Flags): Promise<number> {
  const { output, json } = invocation;
  if (json && format !== undefined) {
    throw new UsageError('--json and --format were given, but must be one or the other.', '--format');
  }
  return withSystem(invocation, async (system) => {
    const account = await knownAccount(system.ledger, accountId);
    const complete = await flushedUpTo(system, account.sequence);
    const short = shortfall(complete, account.sequence);
    if (short !== undefined) output.say(`flowly-credits: ${short}`);
    const made = await readStatement(system.reader, account, cycle, complete);
    if (json) await output.json(statementShape(made));
    else await output.write(WRITERS[format ?? 'text'](made));
    if (made.mismatches.length === 0) return EXIT_OK;
    for (const line of verdictOf(made)) output.say(`flowly-credits: ${line}`);
    return EXIT_FAILED;
  });
}

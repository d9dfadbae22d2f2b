/** `dead-letters list`: what was set aside, newest first. `dead-letters redrive` is cli/redrive's. */
import { type DeadLetterRow, EVERY_REASON, readDeadLetters } from '../dead-letters.ts';
import { choiceFlag, idFlag, integerFlag } from '../flags.ts';
import type { Invocation, Program } from '../program.ts';
import { registerRedrive } from '../redrive/command.ts';
import { withSystem } from '../system.ts';
import { cellText, plural } from '../terminal/format.ts';
import { table } from '../terminal/table.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 100_000;
const ID_CHARS_MAX = 36;
const DETAIL_CHARS_MAX = 80;
const BODY_CHARS_MAX = 60;
/** Columns of a terminal in which the table fits with its bodies. */
const WIDE_COLUMNS = 200;

interface Flags {
  readonly reason?: DeadLetterRow['reason'];
  readonly account?: string;
  readonly limit: number;
}

export function registerDeadLetters(program: Program): void {
  const group = program.group('dead-letters', 'look at what could not be applied, or apply it again');
  const command = program
    .command(
      'list',
      {
        summary: 'list what was set aside, newest first',
        details:
          'One record per identity, body and reason. Reads ClickHouse, where a dead letter is about a second after it was ' +
          'set aside; --json prints whole bodies.',
        examples: ['dead-letters list --reason conflict', 'dead-letters list --account acct-42 --limit 500 --json'],
      },
      group,
    )
    .option('--reason <R>', `only of this reason: ${EVERY_REASON.join(', ')}`, choiceFlag('--reason', EVERY_REASON))
    .option('--account <ID>', 'only of this account', idFlag('--account'))
    .option('--limit <N>', 'at most this many', integerFlag('--limit', 1, LIMIT_MAX), LIMIT_DEFAULT);
  program.action<Flags>(command, (invocation, flags) => list(invocation, flags));
  registerRedrive(program, group);
}

function list(invocation: Invocation, { reason, account, limit }: Flags): Promise<void> {
  const { output, json } = invocation;
  return withSystem(invocation, async ({ clickhouse }) => {
    // Not as the reader: it is shown no commands, which may hold addresses.
    const letters = readDeadLetters(clickhouse, { reason, accountId: account, limit });
    if (json) return output.jsonArray(letters);
    const rows: DeadLetterRow[] = [];
    for await (const letter of letters) rows.push(letter);
    if (rows.length === 0) return output.line('No dead letters.');
    await output.line(view(rows));
    if (rows.length === limit) await output.line(`\nThe newest ${plural(limit, 'dead letter')}; --limit shows more.`);
  });
}

function view(rows: readonly DeadLetterRow[]): string {
  const isWide = (process.stdout.columns ?? WIDE_COLUMNS) >= WIDE_COLUMNS;
  return table<DeadLetterRow>(
    [
      { title: 'SET ASIDE (UTC)', cell: (one) => one.at.slice(0, 19).replace('T', ' ') },
      { title: 'REASON', cell: (one) => one.reason },
      { title: 'KIND', cell: (one) => one.kind },
      { title: 'ACCOUNT', cell: (one) => cellText(one.accountId, ID_CHARS_MAX) },
      { title: 'ID', cell: (one) => cellText(one.id, ID_CHARS_MAX) },
      { title: 'FIELD', cell: (one) => cellText(one.field, ID_CHARS_MAX) },
      { title: 'REDRIVEN (UTC)', cell: (one) => (one.redrivenAt ?? '').slice(0, 19).replace('T', ' ') },
      { title: 'DETAIL', cell: (one) => cellText(one.detail, DETAIL_CHARS_MAX) },
      ...(isWide ? [{ title: 'BODY', cell: (one: DeadLetterRow) => cellText(one.body, BODY_CHARS_MAX) }] : []),
    ],
    rows,
  );
}

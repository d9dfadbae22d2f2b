/** `dead-letters redrive`: applies what was set aside again, or tells what that would do. */
import type { Command } from 'commander';
import type { DeadLetterReason } from '../../ledger/dead-letters.ts';
import { chargeStore } from '../../workers/accounts/charge-store.ts';
import { pagesOfLetters } from '../../workers/redrive/letters.ts';
import { redrive } from '../../workers/redrive/redrive.ts';
import { commitOptionsOf } from '../../workers/usage/commit-options.ts';
import { EVERY_REASON } from '../dead-letters.ts';
import { EXIT_FAILED, Interrupted } from '../errors.ts';
import { choiceFlag } from '../flags.ts';
import { flushedUpTo, shortfall } from '../flushed.ts';
import { untilInterrupted } from '../interrupt.ts';
import type { Invocation, Program } from '../program.ts';
import { recordedBook } from '../service.ts';
import { type System, withSystem } from '../system.ts';
import { cellText, grouped, plural } from '../terminal/format.ts';
import { table } from '../terminal/table.ts';
import { RedriveCount, type RedriveReport, type RedriveRow } from './report.ts';

/** Rows a person could look through; `--json` prints all. */
const TABLE_ROWS_MAX = 100;
const ID_CHARS_MAX = 36;
const WHY_CHARS_MAX = 110;

interface Flags {
  readonly dryRun?: boolean;
  readonly reason?: DeadLetterReason;
}

export function registerRedrive(program: Program, group: Command): void {
  const command = program
    .command(
      'redrive',
      {
        summary: 'apply dead letters again',
        details:
          'Each event and command goes through the same commit under its own id, as one that comes now, but is not asked ' +
          'how late it is. A letter that would only die or wait again is left where it is, and it is said why. Stopped ' +
          'half-way and repeated, everything is applied once. What has been redriven is not offered again; dead-letters ' +
          'list shows when it was. --dry-run asks of a command only whether its account is known and its id is free.\n' +
          '--json prints {"dryRun","letters","redriven","left","events","commands","credits","accounts","rows",' +
          '"lettersLeft"}.',
        examples: ['dead-letters redrive --dry-run', 'dead-letters redrive --reason too-late --json'],
      },
      group,
    )
    .option('--dry-run', 'print what would be debited, and change nothing')
    .option('--reason <R>', `only of this reason: ${EVERY_REASON.join(', ')}`, choiceFlag('--reason', EVERY_REASON));
  program.action<Flags>(command, (invocation, flags) => run(invocation, flags));
}

async function run(invocation: Invocation, flags: Flags): Promise<void> {
  const { output, json } = invocation;
  const report = await withSystem(invocation, (system) =>
    untilInterrupted(
      (signal) => redriveSystem(system, invocation, flags, signal),
      () => process.exit(EXIT_FAILED),
    ),
  );
  return json ? output.json(report) : output.line(page(report));
}

async function redriveSystem(
  system: System,
  { output }: Invocation,
  { dryRun = false, reason }: Flags,
  signal: AbortSignal,
): Promise<RedriveReport> {
  const { ledger: context, clickhouse, config, log } = system;
  const last = await sequenceOf(system);
  const short = shortfall(await flushedUpTo(system, last), last);
  if (short !== undefined) output.say(`flowly-credits: ${short}`);
  const book = await recordedBook(system);
  const store = chargeStore({ clickhouse, context, signal });
  const commit = {
    ...commitOptionsOf({ context, book, acceptDays: config.acceptDays, log, signal }),
    charges: {
      // The charge of what was redriven a moment ago: no service may be there to flush it.
      find: async (accountId: string, eventId: string, upTo: number) => {
        await flushedUpTo(system, upTo);
        return store.find(accountId, eventId, upTo);
      },
    },
  };
  const count = new RedriveCount();
  try {
    for await (const one of redrive({ commit, dryRun }, pagesOfLetters(clickhouse, { last, reason }))) count.add(one);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted(
      `stopped after ${plural(count.report(dryRun).redriven, 'letter')}; the same command goes on from there.`,
    );
  }
  // What was redriven is to be seen in the list from now on.
  if (!dryRun) await flushedUpTo(system, await sequenceOf(system));
  return count.report(dryRun);
}

async function sequenceOf({ ledger }: System): Promise<number> {
  return Number((await ledger.redis.hget(ledger.keys.meta, 'sequence')) ?? 0);
}

function page({ dryRun, letters, redriven, left, credits, accounts, commands, rows }: RedriveReport): string {
  if (letters === 0) return 'No dead letters to redrive.';
  const did = `${dryRun ? 'Would debit' : 'Debited'} ${grouped(credits)} credits on ${plural(accounts, 'account')}`;
  const applied = commands === 0 ? '' : ` and ${dryRun ? 'apply' : 'applied'} ${plural(commands, 'command')}`;
  const head = `${did}${applied}: ${plural(redriven, 'letter')} ${dryRun ? 'can be' : 'were'} redriven, ${plural(left, 'letter')} left.`;
  const shown = rows.slice(0, TABLE_ROWS_MAX);
  const more = rows.length - shown.length;
  return [
    head,
    '',
    table<RedriveRow>(
      [
        { title: 'REASON', cell: (one) => one.reason },
        { title: 'ACCOUNT', cell: (one) => cellText(one.accountId, ID_CHARS_MAX) },
        { title: 'LETTERS', align: 'right', cell: (one) => grouped(String(one.letters)) },
        { title: 'CREDITS', align: 'right', cell: (one) => (one.why === null ? grouped(one.credits) : '') },
        { title: dryRun ? 'WOULD BE' : 'OUTCOME', cell: (one) => outcomeCell(one) },
      ],
      shown,
    ),
    ...(more > 0 ? [`… and ${plural(more, 'more row')}; --json prints all.`] : []),
  ].join('\n');
}

function outcomeCell({ outcome, why }: RedriveRow): string {
  return why === null ? outcome : cellText(`${outcome}: ${why}`, WHY_CHARS_MAX);
}

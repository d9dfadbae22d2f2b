/** `usage`: the rollups, by any of their keys, in buckets of any time zone. */
import { systemClock } from '../../core/clock.ts';
import { choiceFlag, idFlag, timeFlag, zoneFlag } from '../flags.ts';
import type { Invocation, Program } from '../program.ts';
import { withSystem } from '../system.ts';
import { askUsage, BY_DEFAULT, byFlag, type UsageFlags } from '../usage/ask.ts';
import { BUCKETS, KEY_NAMES } from '../usage/query.ts';
import { rangeOf } from '../usage/range.ts';
import { readUsage } from '../usage/read.ts';
import type { UsageRow } from '../usage/rows.ts';
import { usageView } from '../usage/view.ts';

export function registerUsage(program: Program): void {
  const time = 'a date in --time-zone, an ISO 8601 time with an offset, or epoch milliseconds';
  const command = program
    .command('usage', {
      summary: 'print what was used, by account, server, model, key source and cycle',
      details:
        'Goes by the time of the calls (occurredAt). The range runs from --from up to, not including, --to: ' +
        '--from 2026-11-01 --to 2026-12-01 is the month of November.',
      examples: [
        'usage --account acct-42 --bucket day --by model',
        'usage --from 2026-11-01 --to 2026-12-01 --time-zone Europe/Berlin --by server,model --json',
      ],
    })
    .option('--account <ID>', 'only this account', idFlag('--account'))
    .option('--server <ID>', 'only this server', idFlag('--server'))
    .option('--model <M>', 'only this model, by its name in the price book', idFlag('--model'))
    .option('--from <T>', `first instant: ${time}`, timeFlag('--from'))
    .option('--to <T>', 'the instant after the last, in the same forms', timeFlag('--to'))
    .option(
      '--time-zone <Z>',
      'zone of buckets and bare dates (default: the account’s with --account, else UTC)',
      zoneFlag('--time-zone'),
    )
    .option(
      '--by <KEYS>',
      `one row for each of these, or none (of ${KEY_NAMES.join(',')}; default: ${BY_DEFAULT.join(',')})`,
      byFlag,
      BY_DEFAULT,
    )
    .option('--bucket <B>', `and for each ${BUCKETS.join(', ')}`, choiceFlag('--bucket', BUCKETS));
  command.options.find((option) => option.long === '--by')!.defaultValueDescription = BY_DEFAULT.join(',');
  program.action<UsageFlags>(command, (invocation, flags) => usage(invocation, flags));
}

function usage(invocation: Invocation, flags: UsageFlags): Promise<void> {
  const { output, json } = invocation;
  // A range that is wrong in any zone is refused before anything is started.
  rangeOf(flags.from, flags.to, flags.timeZone ?? 'UTC');
  return withSystem(invocation, async (system) => {
    const question = await askUsage(system.ledger, flags);
    const rows = readUsage(system.reader, question, systemClock());
    if (json) return output.jsonArray(rows);
    const all: UsageRow[] = [];
    for await (const row of rows) all.push(row);
    return output.line(usageView(question, all));
  });
}

/** `explain`: one event, what it cost and why, or where it got stuck. */
import { readAccount } from '../../ledger/account.ts';
import { explainPage } from '../explain/page.ts';
import { explainEvent } from '../explain/read.ts';
import { idFlag } from '../flags.ts';
import { flushedUpTo, shortfall } from '../flushed.ts';
import type { Invocation, Program } from '../program.ts';
import { withSystem } from '../system.ts';

export function registerExplain(program: Program): void {
  const command = program
    .command('explain', {
      summary: 'explain what became of one event, and what it cost',
      details:
        'The tokens, the price version and its rates, the cost of each pool and the rounding, who paid, and the ' +
        'balances before and after; or that it is parked, dead or not known, and why. ' +
        'outcome is accepted, voided, parked, dead-letter or unknown.',
      examples: ['explain call-0001 --account acct-42', 'explain call-0001 --account acct-42 --json'],
    })
    .argument('<event>', 'event id', idFlag('EVENT'))
    .requiredOption('--account <ID>', 'the account it belongs to', idFlag('--account'));
  program.action<{ account: string }>(command, (invocation, { account }, [eventId]) =>
    explain(invocation, account, eventId!),
  );
}

function explain(invocation: Invocation, accountId: string, eventId: string): Promise<void> {
  const { output, json } = invocation;
  return withSystem(invocation, async (system) => {
    const { ledger, reader } = system;
    const { account } = await readAccount(ledger, accountId);
    // Parked events and dead letters belong to no account's last commit: everything must be there.
    const sequence = Number((await ledger.redis.hget(ledger.keys.meta, 'sequence')) ?? 0);
    const short = shortfall(await flushedUpTo(system, sequence), sequence);
    if (short !== undefined) output.say(`flowly-credits: ${short}`);
    const shape = await explainEvent(reader, accountId, eventId);
    return json ? output.json(shape) : output.line(explainPage(shape, account?.profile.timeZone ?? 'UTC'));
  });
}

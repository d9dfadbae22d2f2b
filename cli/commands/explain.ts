/** `explain`: one event, what it cost and why, or where it got stuck. */
import { askExplain } from '../explain/ask.ts';
import { explainPage } from '../explain/page.ts';
import { idFlag } from '../flags.ts';
import { historyOf } from '../flushed.ts';
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
    const { shape, account, short } = await askExplain(historyOf(system), accountId, eventId);
    if (short !== undefined) output.say(`flowly-credits: ${short}`);
    return json ? output.json(shape) : output.line(explainPage(shape, account?.profile.timeZone ?? 'UTC'));
  });
}

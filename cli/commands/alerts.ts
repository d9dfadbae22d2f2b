/** `alerts`: an account's alerts, whether each is armed, what was crossed, and what was sent of it. */
import { askAlerts } from '../alerts/ask.ts';
import { LISTED_DEFAULT, LISTED_MAX } from '../alerts/limits.ts';
import { alertsView } from '../alerts/view.ts';
import { idFlag, integerFlag } from '../flags.ts';
import { historyOf } from '../flushed.ts';
import type { Invocation, Program } from '../program.ts';
import { withSystem } from '../system.ts';

export function registerAlerts(program: Program): void {
  const command = program
    .command('alerts', {
      summary: 'print an account’s alerts, whether each is armed, and what was sent',
      details:
        'The two alerts that every account has, and its own; an alert fires when what remains falls to its threshold, and ' +
        'is armed again when it rises above it by 1 credit or 5 %. A runway alert has no threshold (null) while there are ' +
        'under 2 days of usage, a percent alert while nothing is granted.\n' +
        'crossings: state is what the alert became, fired or armed; ref is the id of the event or command behind it. ' +
        'mails: status is unsent, sent, failed, superseded, suppressed or unknown; `explain --mail` tells all of one.',
      examples: ['alerts acct-42', 'alerts acct-42 --limit 200 --json'],
    })
    .argument('<account>', 'account id', idFlag('ACCOUNT'))
    .option(
      '--limit <N>',
      `at most the last N crossings, and as many mails (default: ${LISTED_DEFAULT})`,
      integerFlag('--limit', 1, LISTED_MAX),
    );
  program.action<{ limit?: number }>(command, (invocation, { limit }, [accountId]) =>
    alerts(invocation, accountId!, limit),
  );
}

function alerts(invocation: Invocation, accountId: string, limit: number | undefined): Promise<void> {
  const { output, json } = invocation;
  return withSystem(invocation, async (system) => {
    const { account, states, shape, short } = await askAlerts(historyOf(system), accountId, limit);
    if (short !== undefined) output.say(`flowly-credits: ${short}`);
    return json ? output.json(shape) : output.line(alertsView(shape, states, account.profile.timeZone));
  });
}

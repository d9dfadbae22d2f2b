/** `explain`: one event, what it cost and why, or where it got stuck; or one mail, why it is and what became of it. */
import { UsageError } from '../errors.ts';
import { askExplain } from '../explain/ask.ts';
import { mailPage } from '../explain/mail-page.ts';
import { askMail } from '../explain/mail-read.ts';
import { explainPage } from '../explain/page.ts';
import { idFlag, intentFlag } from '../flags.ts';
import { historyOf } from '../flushed.ts';
import type { Invocation, Program } from '../program.ts';
import { type System, withSystem } from '../system.ts';

export function registerExplain(program: Program): void {
  const command = program
    .command('explain', {
      summary: 'explain what became of one event or one mail, and why',
      details:
        'The tokens, the price version and its rates, the cost of each pool and the rounding, who paid, the balances ' +
        'before and after, and the alerts it fired; or that it is parked, dead or not known, and why. ' +
        'outcome is accepted, voided, parked, dead-letter or unknown.\n' +
        'With --mail INTENT (its id in `alerts`, and in the mail) of a mail: the event or command behind it, the numbers ' +
        'then, the rule in words, and what became of it. Its JSON: ' +
        '{"accountId","intentId","kind","about","status","decidedAt","dueAt","attempts",' +
        '"cause":{"by","ref","event","command"},"rule","numbers":{"at","remaining","monthly","bonus","granted",' +
        '"nextGrant","uncovered","cycle","cycleStart","cycleEnd","pace"},"alerts":[{"id","builtIn","kind",…,"threshold",' +
        '"rearmsAt"}],"details","steps":[{"status","at","words","attempts","sequence"}],"supersededBy":{"at","sequence",' +
        '"mails","armed","commands"}}; what there is nothing of is null.',
      examples: [
        'explain call-0001 --account acct-42',
        'explain call-0001 --account acct-42 --json',
        'explain --mail acct-42:mail:7 --account acct-42',
      ],
    })
    .argument('[event]', 'event id', idFlag('EVENT'))
    .requiredOption('--account <ID>', 'the account it belongs to', idFlag('--account'))
    .option('--mail <INTENT>', 'explain this mail instead of an event', intentFlag('--mail'));
  program.action<Flags>(command, (invocation, { account, mail }, [eventId]) => {
    if ((eventId === undefined) === (mail === undefined)) {
      throw new UsageError(
        'explain takes an event or --mail: one of the two.',
        mail === undefined ? 'EVENT' : '--mail',
      );
    }
    return withSystem(invocation, (system) =>
      mail === undefined
        ? explain(invocation, system, account, eventId!)
        : explainMail(invocation, system, account, mail),
    );
  });
}

interface Flags {
  readonly account: string;
  readonly mail?: string;
}

async function explain({ output, json }: Invocation, system: System, accountId: string, eventId: string) {
  const { shape, account, short } = await askExplain(historyOf(system), accountId, eventId);
  if (short !== undefined) output.say(`flowly-credits: ${short}`);
  return json ? output.json(shape) : output.line(explainPage(shape, account?.profile.timeZone ?? 'UTC'));
}

async function explainMail({ output, json }: Invocation, system: System, accountId: string, intentId: string) {
  const { shape, account, short } = await askMail(historyOf(system), accountId, intentId);
  if (short !== undefined) output.say(`flowly-credits: ${short}`);
  return json ? output.json(shape) : output.line(mailPage(shape, account.profile.timeZone));
}

/** `balance`: what an account has left, or every account. */
import type { AccountState } from '../../ledger/account.ts';
import { accountIds } from '../../ledger/account-ids.ts';
import { knownAccount, readAccounts } from '../accounts.ts';
import { allBalances } from '../balances.ts';
import { UsageError } from '../errors.ts';
import { idFlag } from '../flags.ts';
import type { Output } from '../output.ts';
import type { Program } from '../program.ts';
import { balanceShape } from '../shapes/balance.ts';
import { type System, withSystem } from '../system.ts';
import { balanceCard, balanceTable } from '../terminal/balances.ts';
import { plural } from '../terminal/format.ts';

/** Rows a person could look through; `--json` prints all. */
const TABLE_ROWS_MAX = 1_000;

export function registerBalance(program: Program): void {
  const command = program
    .command('balance', {
      summary: 'print what an account has left, or every account',
      details:
        'Brings the account up to date to now first: a cycle that has ended is closed and the next one granted.\n' +
        'state is closed, depleted (nothing left), low (at or under 20 percent of the cycle’s grant), or ok.',
      examples: ['balance acct-42', 'balance --all --json'],
    })
    .argument('[account]', 'account id', idFlag('ACCOUNT'))
    .option('--all', 'every account, sorted by id');
  program.action<{ all?: boolean }>(command, async (invocation, { all }, [accountId]) => {
    if ((all === true) === (accountId !== undefined)) {
      throw new UsageError(
        all
          ? '--all and an account were given, but must be one or the other.'
          : 'ACCOUNT is missing: give an account id, or --all.',
      );
    }
    const { output, json } = invocation;
    await withSystem(invocation, async (system) => {
      if (accountId === undefined)
        return json ? output.jsonArray(allBalances(system.ledger)) : printTable(output, system);
      const account = await knownAccount(system.ledger, accountId);
      if (json) return output.json(balanceShape(account));
      return output.line(balanceCard(balanceShape(account), account.profile.timeZone, account.asOf));
    });
  });
}

async function printTable(output: Output, { ledger }: System): Promise<void> {
  const ids = await accountIds(ledger);
  const accounts: AccountState[] = [];
  for await (const account of readAccounts(ledger, ids.slice(0, TABLE_ROWS_MAX))) accounts.push(account);
  if (accounts.length === 0) return output.line('No account is known yet.');
  await output.line(balanceTable(accounts.map(balanceShape)));
  const more = ids.length - accounts.length;
  if (more > 0) await output.line(`… and ${plural(more, 'more account')}; --json prints all.`);
}

/** `gate`: may this server make a call now? The same decision that the package's `createGate` gives. */
import type { GateAnswer, GateReason } from '../../core/gate.ts';
import type { KeySource } from '../../core/types.ts';
import { createGate } from '../../ledger/gate.ts';
import { loadPriceBook } from '../../schema/price-book.ts';
import { choiceFlag, idFlag } from '../flags.ts';
import type { Program } from '../program.ts';
import { withSystem } from '../system.ts';

interface Flags {
  readonly account: string;
  readonly keySource?: KeySource;
  readonly model?: string;
}

const KEY_SOURCES: readonly KeySource[] = ['platform', 'byok'];

export function registerGate(program: Program): void {
  const command = program
    .command('gate', {
      summary: 'tell whether a server may make a call now',
      details:
        'Allows while the account has credits and the server is under its daily limit; always with the user’s own ' +
        'provider key, and for a model whose prices are all zero. Else it denies, with the first of these that applies: ' +
        'unknown-account, closed, depleted, daily-limit. Exits 0 either way.\n' +
        '--json prints {"allow":true} or {"allow":false,"reason":"…"}.',
      examples: ['gate web-1 --account acct-42', 'gate web-1 --account acct-42 --key-source byok --json'],
    })
    .argument('<server>', 'server id', idFlag('SERVER'))
    .requiredOption('--account <ID>', 'the account that would be charged', idFlag('--account'))
    .option(
      '--key-source <S>',
      `whose provider key: ${KEY_SOURCES.join(' or ')}`,
      choiceFlag('--key-source', KEY_SOURCES),
    )
    .option('--model <M>', 'the model of the call, by its name or an alias', idFlag('--model'));
  program.action<Flags>(command, (invocation, { account, keySource, model }, [server]) =>
    withSystem(invocation, async ({ ledger, config }) => {
      const priceBook = await loadPriceBook(config.priceBookPath);
      const gate = createGate({ redis: ledger.redis, prefix: ledger.keys.tag, priceBook });
      const call = { accountId: account, serverId: server!, keySource, model };
      const answer = await gate.check(call);
      if (invocation.json) return invocation.output.json(answer);
      return invocation.output.line(inWords(answer, account, server!));
    }),
  );
}

function inWords(answer: GateAnswer, account: string, server: string): string {
  if (answer.allow) return `Allowed: server ${server} of account ${account} may make this call now.`;
  const why: Record<GateReason, string> = {
    'unknown-account': `account ${account} is not known: no account.upsert for it has been applied`,
    closed: `account ${account} is closed; an account.upsert reopens it`,
    depleted: `account ${account} has no credits left, neither monthly nor bonus`,
    'daily-limit': `server ${server} has reached its daily limit; it may go on at the account’s next midnight, or when the limit is raised`,
  };
  return `Denied (${answer.reason}): ${why[answer.reason]}.`;
}

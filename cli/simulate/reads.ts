/**
 * The answer of each read: the JSON of the command of that name, through the same functions.
 * A read that fails as its command would (an account that is not known) answers with the error instead.
 */
import { FlowlyError } from '../../core/errors.ts';
import { readAccount } from '../../ledger/account.ts';
import { knownAccount } from '../accounts.ts';
import { askAlerts } from '../alerts/ask.ts';
import { allBalances } from '../balances.ts';
import { UsageError } from '../errors.ts';
import { askExplain } from '../explain/ask.ts';
import { askMail } from '../explain/mail-read.ts';
import { askLedger, ledgerShapes, verifyLedger } from '../ledger/ask.ts';
import { balanceShape } from '../shapes/balance.ts';
import { askUsage } from '../usage/ask.ts';
import { readUsage } from '../usage/read.ts';
import { askMails } from './mails.ts';
import type { Read, ReadName } from './parameters.ts';
import { platformEvents } from './platform-events.ts';
import type { Sandbox } from './sandbox.ts';

/** Reads answered from ClickHouse: what was committed has to be there. */
const OF_HISTORY: ReadonlySet<ReadName> = new Set(['ledger', 'usage', 'explain', 'alerts', 'mails']);

export interface ReadError {
  readonly error: { readonly code: string; readonly message: string };
}

/** The answers of reads that follow each other, in their order. Each is of the same moment, so they are asked together. */
export async function answersOf(sandbox: Sandbox, reads: readonly Read[]): Promise<(object | ReadError)[]> {
  const history = reads.filter(({ name }) => OF_HISTORY.has(name));
  if (history.length > 0) {
    // Bringing an account up to date may commit a reset: all of them first, then one flush for all.
    const ids = new Set(history.flatMap((read) => (read.with.account === undefined ? [] : [read.with.account])));
    await Promise.all([...ids].map((id) => readAccount(sandbox.history.ledger, id)));
    await sandbox.sendMails();
    await sandbox.flush();
  }
  return Promise.all(
    reads.map((read) =>
      answerOf(sandbox, read).catch((error: unknown) => {
        if (!(error instanceof FlowlyError) || !EXPECTED.has(error.code)) throw error;
        return { error: { code: error.code, message: error.message } };
      }),
    ),
  );
}

export const isReadError = (answer: object): answer is ReadError => Object.hasOwn(answer, 'error');

/** What a command would exit with 1 or 2 for, because of what was asked. */
const EXPECTED: ReadonlySet<string> = new Set(['unknown-account', 'unknown-mail', new UsageError('').code]);

async function answerOf(sandbox: Sandbox, read: Read): Promise<object> {
  const { history, gate, clock } = sandbox;
  const { ledger, reader } = history;
  switch (read.name) {
    case 'balance':
      return read.with.account === undefined
        ? Array.fromAsync(allBalances(ledger))
        : balanceShape(await knownAccount(ledger, read.with.account));
    case 'gate': {
      const { account: accountId, server: serverId, keySource, model } = read.with;
      return gate.check({ accountId, serverId, keySource, model });
    }
    case 'ledger': {
      const { account, verify, limit } = read.with;
      if (verify === true) return verifyLedger(history, account);
      return Array.fromAsync(ledgerShapes(await askLedger(history, account, read.with), limit));
    }
    case 'usage':
      return Array.fromAsync(readUsage(reader, await askUsage(ledger, read.with), clock()));
    case 'explain': {
      const { account, event, mail } = read.with;
      return mail === undefined
        ? (await askExplain(history, account, event!)).shape // one of the two is given
        : (await askMail(history, account, mail)).shape;
    }
    case 'alerts':
      return (await askAlerts(history, read.with.account, read.with.limit)).shape;
    case 'mails':
      return askMails(sandbox, read.with.account, read.with.limit);
    case 'platform-events':
      await knownAccount(ledger, read.with.account);
      return platformEvents(ledger, read.with.account, read.with.limit);
  }
}

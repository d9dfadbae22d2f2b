/**
 * `alerts` without its printing: the present from the ledger, the past from ClickHouse.
 * Invariant: the present is read first and the history reaches beyond it, so a mail that the ledger has no more has its
 * end in the history.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { AccountState } from '../../ledger/account.ts';
import { type AlertStates, readAlertStates } from '../../ledger/alerts.ts';
import { knownAccount } from '../accounts.ts';
import { type History, shortfall } from '../flushed.ts';
import { LISTED_DEFAULT } from './limits.ts';
import { MAILS, TRANSITIONS } from './queries.ts';
import { type AlertsShape, alertsShape, type MailRow, type TransitionRow } from './shape.ts';

export interface AskedAlerts {
  readonly account: AccountState;
  readonly states: AlertStates;
  readonly shape: AlertsShape;
  /** The sentence that says how far the history reaches, where that is not far enough. */
  readonly short: string | undefined;
}

/** Throws `unknown-account`. */
export async function askAlerts(
  history: History,
  accountId: string,
  limit: number = LISTED_DEFAULT,
): Promise<AskedAlerts> {
  const present = await readPresent(history, accountId);
  const [transitions, mails] = await Promise.all([
    ask<TransitionRow>(history.reader, TRANSITIONS, { account: accountId, limit }),
    readMails(history.reader, accountId, limit),
  ]);
  return { ...present, shape: alertsShape(accountId, present.states, transitions, mails) };
}

/** The newest mails of an account as they are written down. */
export const readMails = (reader: ClickHouseClient, accountId: string, limit: number): Promise<MailRow[]> =>
  ask<MailRow>(reader, MAILS, { account: accountId, limit });

/** The account and its alerts now, with everything that led to it in the history. Throws `unknown-account`. */
export async function readPresent(history: History, accountId: string) {
  const { ledger } = history;
  const account = await knownAccount(ledger, accountId);
  const states = (await readAlertStates(ledger, accountId))!; // an account is never forgotten
  const sequence = Number((await ledger.redis.hget(ledger.keys.meta, 'sequence')) ?? 0);
  return { account, states, short: shortfall(await history.flushedUpTo(sequence), sequence) };
}

export async function ask<T>(reader: ClickHouseClient, query: string, params: Record<string, unknown>): Promise<T[]> {
  return (await reader.query({ query, query_params: params, format: 'JSONEachRow' })).json<T>();
}

/**
 * The alerts of an account as the ledger holds them, and its mails that are not sent yet: what `alerts ACCOUNT` shows of
 * the present. The scripts decide (alerts.lua, mails.lua); this file reads what they wrote.
 */
import type { MailKind } from '../core/mail-kinds.ts';
import type { Micros } from '../core/money.ts';
import type { AlertState } from '../core/thresholds.ts';
import type { Alert } from '../core/types.ts';
import { readAccount } from './account.ts';
import { fenceArguments, type LedgerContext } from './context.ts';

/** An alert now. `threshold` in µcr; undefined: it is off. */
export interface AlertStanding {
  readonly alert: Alert;
  readonly builtIn: boolean;
  readonly state: AlertState;
  readonly threshold: bigint | undefined;
}

/** A mail that is not sent yet. Times in ms. */
export interface UnsentMail {
  readonly intentId: string;
  readonly kind: MailKind;
  readonly status: 'waiting' | 'claimed' | 'sending';
  /** Of alert mails `built-in:<id>` or `own:<id>`, of limit mails the server's id, else ''. */
  readonly about: string;
  readonly at: number;
  readonly dueAt: number;
  readonly attempts: number;
}

export interface AlertStates {
  readonly clock: number;
  /** Monthly plus bonus, µcr. */
  readonly remaining: bigint;
  readonly alerts: readonly AlertStanding[];
  readonly mails: readonly UnsentMail[];
}

/** Brings the account up to date and reads it; undefined when it is not known. */
export async function readAlertStates(context: LedgerContext, accountId: string): Promise<AlertStates | undefined> {
  const { account } = await readAccount(context, accountId);
  if (account === undefined) return undefined;
  const keys = [context.keys.meta, context.keys.account(accountId)];
  const reply = (await context.run('readAlerts', keys, [...fenceArguments(context), accountId])) as string[];
  const [clock, remaining, ...rest] = reply;
  const end = alertsEnd(rest);
  return {
    clock: Number(clock),
    remaining: BigInt(remaining!),
    alerts: chunks(rest.slice(0, end), ALERT_FIELDS).map(standingOf),
    mails: chunks(rest.slice(end + 1), MAIL_FIELDS).map((fields) => unsentOf(accountId, fields)),
  };
}

/** What the scripts know an alert's level by: µcr, or hundredths of a percent or of a day. */
export function alertNumber(alert: Alert): number {
  if (alert.kind === 'absolute') return Number(alert.credits);
  return Math.round((alert.kind === 'percent' ? alert.percent : alert.days) * 100);
}

/** The alert of a kind, an id and that number. */
export function alertOf(kind: string, id: string, number: number): Alert {
  if (kind === 'absolute') return { id, kind, credits: BigInt(number) as Micros };
  if (kind === 'percent') return { id, kind, percent: number / 100 };
  return { id, kind: 'runway', days: number / 100 };
}

/** The id of an account's mail, as its history and `explain --mail` name it. */
export const intentIdOf = (accountId: string, number: number | string): string => `${accountId}:mail:${number}`;

const ALERT_FIELDS = 6;
const MAIL_FIELDS = 7;

/** Where the alerts end: an empty text stands where the next one would begin. */
function alertsEnd(fields: readonly string[]): number {
  let end = 0;
  while (fields[end] !== '') end += ALERT_FIELDS;
  return end;
}

const chunks = (fields: readonly string[], size: number): (readonly string[])[] =>
  Array.from({ length: fields.length / size }, (_, i) => fields.slice(i * size, (i + 1) * size));

function standingOf([builtIn, armed, kind, id, number, threshold]: readonly string[]): AlertStanding {
  return {
    alert: alertOf(kind!, id!, Number(number)),
    builtIn: builtIn === '1',
    state: armed === '1' ? 'armed' : 'fired',
    threshold: threshold === '' ? undefined : BigInt(threshold!),
  };
}

function unsentOf(accountId: string, [n, kind, status, about, at, dueAt, attempts]: readonly string[]): UnsentMail {
  return {
    intentId: intentIdOf(accountId, n!),
    kind: kind as MailKind,
    status: status as UnsentMail['status'],
    about: about!,
    at: Number(at),
    dueAt: Number(dueAt),
    attempts: Number(attempts),
  };
}

/**
 * The JSON of `alerts`: each alert now, what was crossed, what was mailed. Pure.
 * Invariant: credits are decimal text, times are in UTC, and both lists have the newest first.
 */
import { formatCredits } from '../../core/money.ts';
import type { AlertState } from '../../core/thresholds.ts';
import type { Alert } from '../../core/types.ts';
import { type AlertStates, alertOf, type UnsentMail } from '../../ledger/alerts.ts';
import { isoTime } from '../terminal/format.ts';

/** What an alert says, in the words of `alerts.set`. */
export type AlertWords =
  | { readonly kind: 'absolute'; readonly credits: string }
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'runway'; readonly days: number };

export type AlertShape = { readonly id: string; readonly builtIn: boolean } & AlertWords & {
    readonly state: AlertState;
    /** Credits; null while it is off. */
    readonly threshold: string | null;
  };

export interface CrossingShape {
  readonly alertId: string;
  readonly builtIn: boolean;
  readonly at: string;
  readonly state: AlertState;
  readonly threshold: string;
  readonly remaining: string;
  readonly by: string;
  /** The id of the event or command; '' for a reset or a job. */
  readonly ref: string;
  readonly silent: boolean;
}

export interface MailShape {
  readonly intentId: string;
  readonly kind: string;
  /** `unsent` while nothing became of it. */
  readonly status: string;
  readonly about: string;
  readonly decidedAt: string;
  /** Since when it has its status. */
  readonly at: string;
  /** When it is tried next; null when it is not. */
  readonly dueAt: string | null;
  readonly by: string;
  readonly ref: string;
  readonly words: string;
  readonly attempts: number;
}

export interface AlertsShape {
  readonly accountId: string;
  readonly asOf: string;
  readonly remaining: string;
  readonly alerts: readonly AlertShape[];
  readonly crossings: readonly CrossingShape[];
  readonly mails: readonly MailShape[];
}

/** A row of alert_history as the SELECT gives it. */
export interface TransitionRow {
  readonly alert_id: string;
  readonly built_in: boolean;
  readonly kind: string;
  readonly number: string;
  readonly state: AlertState;
  readonly threshold: string;
  readonly remaining: string;
  readonly granted: string;
  readonly by: string;
  readonly ref: string;
  readonly silent: boolean;
  readonly at: string;
  readonly sequence: string;
}

/** The steps of one mail in mail_history, folded. */
export interface MailRow {
  readonly intent_id: string;
  readonly kind: string;
  readonly about: string;
  readonly by: string;
  readonly ref: string;
  readonly snapshot: string;
  readonly decided_at: string;
  readonly last_status: string;
  readonly last_words: string;
  readonly last_attempts: number;
  readonly at: string;
}

export function alertsShape(
  accountId: string,
  states: AlertStates,
  transitions: readonly TransitionRow[],
  mails: readonly MailRow[],
): AlertsShape {
  return {
    accountId,
    asOf: isoTime(states.clock),
    remaining: formatCredits(states.remaining),
    alerts: states.alerts.map(({ alert, builtIn, state, threshold }) => ({
      ...{ id: alert.id, builtIn, ...alertWords(alert), state },
      threshold: threshold === undefined ? null : formatCredits(threshold),
    })),
    crossings: transitions.map(crossingShape),
    mails: mails.map((row) => mailShape(row, states.mails)),
  };
}

export function alertWords(alert: Alert): AlertWords {
  if (alert.kind === 'absolute') return { kind: alert.kind, credits: formatCredits(alert.credits) };
  return alert.kind === 'percent'
    ? { kind: alert.kind, percent: alert.percent }
    : { kind: alert.kind, days: alert.days };
}

/** The alert that a row is about. */
export const alertOfRow = ({ kind, alert_id, number }: TransitionRow): Alert => alertOf(kind, alert_id, Number(number));

export function crossingShape(row: TransitionRow): CrossingShape {
  const { alert_id: alertId, built_in: builtIn, at, state, threshold, remaining, by, ref, silent } = row;
  return {
    ...{ alertId, builtIn, at: isoTime(Number(at)), state },
    threshold: formatCredits(BigInt(threshold)),
    remaining: formatCredits(BigInt(remaining)),
    ...{ by, ref, silent },
  };
}

/** The history says what became of it; the ledger what is still to come. */
export function mailShape(row: MailRow, unsent: readonly UnsentMail[]): MailShape {
  const waiting = unsent.find(({ intentId }) => intentId === row.intent_id);
  return {
    ...{ intentId: row.intent_id, kind: row.kind },
    status: row.last_status === 'decided' ? 'unsent' : row.last_status,
    about: row.about,
    decidedAt: isoTime(Number(row.decided_at)),
    at: isoTime(Number(row.at)),
    dueAt: waiting === undefined ? null : isoTime(waiting.dueAt),
    ...{ by: row.by, ref: row.ref, words: row.last_words },
    attempts: Math.max(row.last_attempts, waiting?.attempts ?? 0),
  };
}

/** What an event set off: the alerts it fired, and the mails that were decided because of it. Pure. */
import { formatCredits } from '../../core/money.ts';
import { type AlertWords, alertOfRow, alertWords, type TransitionRow } from '../alerts/shape.ts';
import { crossedIn, snapshotOf } from '../alerts/snapshot.ts';
import { isoTime } from '../terminal/format.ts';

export type FiredShape = { readonly alertId: string; readonly builtIn: boolean } & AlertWords & {
    readonly state: string;
    readonly at: string;
    readonly threshold: string;
    readonly remaining: string;
    readonly silent: boolean;
    /** The mail that says so, which may be about another alert of the same commit; null where none was decided. */
    readonly intentId: string | null;
  };

export interface CausedMail {
  readonly intentId: string;
  readonly kind: string;
  readonly about: string;
}

/** A mail as it was decided, in the commit of an alert that the event fired or because of the event itself. */
export interface DecidedRow {
  readonly intent_id: string;
  readonly kind: string;
  readonly about: string;
  readonly by: string;
  readonly ref: string;
  readonly snapshot: string;
  readonly sequence: string;
}

export function firedShapes(rows: readonly TransitionRow[], decided: readonly DecidedRow[]): FiredShape[] {
  return rows.map((row) => ({
    ...{ alertId: row.alert_id, builtIn: row.built_in, ...alertWords(alertOfRow(row)), state: row.state },
    at: isoTime(Number(row.at)),
    threshold: formatCredits(BigInt(row.threshold)),
    remaining: formatCredits(BigInt(row.remaining)),
    silent: row.silent,
    intentId: row.state === 'fired' ? (decided.find((mail) => says(mail, row))?.intent_id ?? null) : null,
  }));
}

export const causedMails = (eventId: string, decided: readonly DecidedRow[]): CausedMail[] =>
  decided
    .filter(({ by, ref }) => by === 'event' && ref === eventId)
    .map(({ intent_id: intentId, kind, about }) => ({ intentId, kind, about }));

function says({ sequence, snapshot }: DecidedRow, row: TransitionRow): boolean {
  if (sequence !== row.sequence) return false;
  const numbers = snapshotOf(snapshot);
  return (
    numbers !== undefined &&
    crossedIn(numbers).some(({ id, builtIn }) => id === row.alert_id && builtIn === row.built_in)
  );
}

/** What the numbers that a mail was decided with say of alerts, for who explains them. */
import type { Alert } from '../../core/types.ts';
import { alertOf } from '../../ledger/alerts.ts';
import type { Snapshot, SnapshotAlert } from '../../workers/notify/snapshot.ts';

export type { Snapshot, SnapshotAlert };

/** The numbers of a row of mail_history; undefined where it is no decision. Unlike for sending, what is missing is left out. */
export const snapshotOf = (text: string): Snapshot | undefined =>
  text === '' ? undefined : (JSON.parse(text) as Snapshot);

/** What a mail crossed, the most severe first; none of mails that are not about alerts. */
export const crossedIn = ({ alert, others = [] }: Snapshot): readonly SnapshotAlert[] =>
  alert === undefined ? [] : [alert, ...others];

export const alertInSnapshot = ({ id, kind, number }: SnapshotAlert): Alert => alertOf(kind, id, Number(number));

/**
 * The numbers of a mail as they were frozen when it was decided: the commit's JSON as mail_history keeps it. Amounts are
 * µcr and times ms, exact as numbers: the ledger holds none above 2^53.
 */
import type { Alert } from '../../core/types.ts';
import { alertOf } from '../../ledger/alerts.ts';

/** An alert as a snapshot names it, with the level it was crossed at. */
export interface CrossedInSnapshot {
  readonly id: string;
  readonly kind: string;
  /** µcr, or hundredths of a percent or of a day. */
  readonly number: string | number;
  readonly builtIn: boolean;
  readonly threshold: number;
}

export interface Snapshot {
  readonly at: number;
  readonly monthly: number;
  readonly bonus: number;
  readonly granted: number;
  /** What the next cycle is granted. */
  readonly plan: number;
  readonly uncovered: number;
  readonly cycle: number;
  readonly start: number;
  readonly stop: number;
  /** Complete local days that the pace is taken from, and what they cost; -1 where they are too few. */
  readonly days: number;
  readonly spent: number;
  /** Of alert mails. */
  readonly alert?: CrossedInSnapshot;
  readonly others?: readonly CrossedInSnapshot[];
  /** Of the mail about a reset. */
  readonly expired?: number;
  readonly ended?: {
    readonly cycle: number;
    readonly start: number;
    readonly granted: number;
    readonly uncovered: number;
  };
  /** Of limit mails; `warn` is a percentage, -1 where there is none. */
  readonly serverId?: string;
  readonly used?: number;
  readonly limit?: number;
  readonly warn?: number;
  readonly until?: number;
  /** Of a receipt. */
  readonly purchase?: {
    readonly id: string;
    readonly credits: number;
    readonly price: { readonly amount: string; readonly currency: string } | null;
    readonly reference: string | null;
    readonly purchasedAt: number;
  };
  /** Of a digest: days since 1970-01-01. */
  readonly firstDay?: number;
}

/** The snapshot of a row; undefined in a history that does not reach back to the mail's decision. */
export const snapshotOf = (text: string): Snapshot | undefined =>
  text === '' ? undefined : (JSON.parse(text) as Snapshot);

/** What a mail crossed, the most severe first; none of mails that are not about alerts. */
export const crossedIn = ({ alert, others = [] }: Snapshot): readonly CrossedInSnapshot[] =>
  alert === undefined ? [] : [alert, ...others];

export const alertInSnapshot = ({ id, kind, number }: CrossedInSnapshot): Alert => alertOf(kind, id, Number(number));

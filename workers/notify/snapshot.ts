/**
 * The numbers a mail was decided with, as the ledger froze them (ledger/lua/mails.lua): read back from JSON. Money is an
 * integer below 2^53 there and a bigint from here on.
 */
import { PermanentError } from '../../core/errors.ts';

/** Of every mail: the account at that moment. Amounts in µcr, times in ms; `spent` is -1 where it is not known. */
export interface Snapshot {
  readonly at: number;
  readonly monthly: number;
  readonly bonus: number;
  readonly granted: number;
  readonly plan: number;
  readonly uncovered: number;
  readonly cycle: number;
  readonly start: number;
  readonly stop: number;
  readonly days: number;
  readonly spent: number;
  /** Of alerts. */
  readonly alert?: SnapshotAlert;
  readonly others?: readonly SnapshotAlert[];
  /** Of a reset. */
  readonly expired?: number;
  readonly ended?: {
    readonly cycle: number;
    readonly start: number;
    readonly granted: number;
    readonly uncovered: number;
  };
  /** Of a daily limit; `warn` is -1 where there is none. */
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

export interface SnapshotAlert {
  readonly id: string;
  readonly kind: string;
  readonly number: string;
  readonly builtIn: boolean;
  readonly threshold: number;
}

const NUMBERS = ['at', 'monthly', 'bonus', 'granted', 'plan', 'uncovered', 'cycle', 'start', 'stop', 'days', 'spent'];

/** Throws `mail-unreadable` when it is not what this version writes. */
export function readSnapshot(json: string): Snapshot {
  try {
    const parsed = JSON.parse(json) as Record<string, unknown> | null;
    if (NUMBERS.every((name) => Number.isSafeInteger(parsed?.[name]))) return parsed as unknown as Snapshot;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new PermanentError('mail-unreadable', 'The numbers that this mail was decided with cannot be read.');
}

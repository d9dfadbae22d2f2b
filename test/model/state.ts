/**
 * The oracle: the whole contract in memory, without I/O and without haste. This file is its state: plain objects that
 * keep full lists of everything, so that every number can be recomputed from what happened.
 * Written from the contract alone; it shares only `core/` with the program that is tested against it.
 * Invariant: entries and charges are only ever added; a void marks a charge, it never removes one.
 */
import type { Schedule } from '../../core/cycles.ts';
import { ACCEPT_DAYS_DEFAULT, DAY_MS, PARKED_EVENTS_MAX } from '../../core/limits.ts';
import type { Micros } from '../../core/money.ts';
import type { PriceBook } from '../../core/price.ts';
import type { AlertState } from '../../core/thresholds.ts';
import type { AccountCommand, Alert, CommandType, Plan, UsageEvent } from '../../core/types.ts';

/** When something is handled, and when its job was queued. */
export type At = { readonly clock: number; readonly queuedAt: number };

export type EntryKind = 'opening' | 'grant' | 'expiry' | 'expiry-reversed' | 'usage' | 'purchase' | 'refund' | 'void';

/** One line of the ledger. Deltas may be negative; the running sums, of monthly within its cycle, are the balances. */
export type Entry = {
  /** Counts from 1 within the account. */
  readonly index: number;
  readonly at: number;
  readonly kind: EntryKind;
  /** The cycle it belongs to; the monthly deltas of an ended cycle add up to zero. */
  readonly cycle: number;
  readonly monthly: bigint;
  readonly bonus: bigint;
  readonly uncovered: bigint;
  /** What is left of the entry's own cycle after it. */
  readonly monthlyAfter: bigint;
  readonly bonusAfter: bigint;
  /** Of the cycle that was running. */
  readonly uncoveredAfter: bigint;
  /** The id of the command or event behind it; '' for a reset. */
  readonly ref: string;
  readonly note: string;
};

/** What one accepted event cost and who paid: the raw row. A voided one counts for nothing any more. */
export type Charge = {
  readonly event: UsageEvent;
  readonly at: number;
  readonly model: string;
  readonly version: string;
  readonly cost: Micros;
  /** Local day and cycle of `occurredAt`: where it is rolled up. */
  readonly localDay: number;
  readonly cycle: number;
  /** The cycle that was running when it was committed. */
  readonly payingCycle: number;
  readonly fromPrevious: bigint;
  readonly fromMonthly: bigint;
  readonly fromBonus: bigint;
  readonly uncovered: bigint;
  readonly monthlyAfter: bigint;
  readonly bonusAfter: bigint;
  voided: boolean;
};

export type AlertRecord = { readonly alert: Alert; readonly builtIn: boolean; state: AlertState };

/** An alert that went from armed to fired; `silent` when nobody was to be told. */
export type Crossing = {
  readonly alert: Alert;
  readonly builtIn: boolean;
  readonly at: number;
  readonly remaining: bigint;
  readonly threshold: bigint;
  readonly by: 'event' | 'command' | 'reset' | 'job';
  readonly ref: string;
  readonly silent: boolean;
};

export type Mail = {
  readonly id: number;
  readonly at: number;
  readonly kind: 'alert' | 'limit-warning' | 'limit-reached' | 'restored' | 'monthly-reset' | 'expiring' | 'receipt';
  /** What it speaks of: the most severe crossing, and the others it stands for. Alert mails only. */
  readonly crossing: Crossing | undefined;
  readonly others: readonly Crossing[];
  /** Limit mails only. */
  readonly serverId: string | undefined;
  status: 'unsent' | 'sent' | 'superseded';
};

export type PlatformEventType =
  | 'credits.low'
  | 'credits.depleted'
  | 'credits.restored'
  | 'credits.reset'
  | 'server.limited'
  | 'server.released';

export type PlatformEvent = {
  readonly id: string;
  readonly type: PlatformEventType;
  readonly accountId: string;
  readonly serverId: string | undefined;
  /** Counts from 1 within the account. */
  readonly sequence: number;
  readonly at: number;
  readonly state: PlatformState;
};

/** The whole state in each: balances in credits, and the servers that are limited now. */
export type PlatformState = {
  readonly monthly: string;
  readonly bonus: string;
  readonly cycle: number;
  readonly closed: boolean;
  readonly limitedServers: readonly string[];
};

export type Server = {
  dailyCredits: Micros | undefined;
  warnAtPercent: number | undefined;
  /** As last decided and told. */
  limited: boolean;
  warned: boolean;
  lastAt: number;
};

export type Account = {
  readonly id: string;
  email: string;
  name: string | undefined;
  locale: string | undefined;
  recipients: readonly string[];
  plan: Plan;
  schedule: Schedule;
  /** The running cycle, as of the last time it was brought up to date. */
  cycle: number;
  closed: boolean;
  /** `at` of the last applied command of its kind. */
  lastUpsertAt: number;
  lastAlertsAt: number;
  alerts: AlertRecord[];
  /** Whether the platform was last told, or could last tell, that nothing is left. */
  empty: boolean;
  /** Whether its owner was: a mail that says so went out, and nothing has come since. */
  toldDepleted: boolean;
  /** The cycle of which its owner was told, or would have been, that credits are about to expire. */
  expiringCycle: number;
  readonly entries: Entry[];
  readonly charges: Charge[];
  readonly purchases: Map<string, { readonly credits: bigint; refunded: bigint }>;
  readonly servers: Map<string, Server>;
  readonly crossings: Crossing[];
  readonly mails: Mail[];
  readonly platformEvents: PlatformEvent[];
};

export type ParkReason = 'unknown-account' | 'unknown-model';
export type DeadReason =
  | 'invalid'
  | 'conflict'
  | 'too-late'
  | 'future'
  | 'too-large'
  | 'internal'
  | 'unknown-account'
  | 'unknown-model';

export type Parked =
  | { readonly kind: 'event'; readonly event: UsageEvent; readonly at: At; readonly reason: ParkReason }
  | { readonly kind: 'command'; readonly command: AccountCommand; readonly at: At; readonly reason: 'unknown-account' };

/** One record per identity, body and reason. */
export type DeadLetter = {
  readonly kind: 'event' | 'command';
  readonly accountId: string;
  readonly id: string;
  readonly reason: DeadReason;
  readonly field: string | undefined;
  readonly source: UsageEvent | AccountCommand;
};

export type EventOutcome =
  | { readonly outcome: 'accepted'; readonly charge: Charge }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'parked'; readonly reason: ParkReason }
  | { readonly outcome: 'dead-letter'; readonly reason: DeadReason; readonly field?: string };

export type CommandOutcome =
  | { readonly outcome: 'applied'; readonly detail?: 'voided' | 'remembered' | 'already-voided' }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'stale' }
  | { readonly outcome: 'parked'; readonly reason: 'unknown-account' }
  | { readonly outcome: 'dead-letter'; readonly reason: DeadReason; readonly field?: string };

/** One outcome of a command; a parked one has a second line once it is applied. */
export type HistoryLine = {
  readonly accountId: string;
  readonly commandId: string;
  readonly type: CommandType;
  readonly at: number;
  readonly outcome: CommandOutcome;
};

export type Model = {
  book: PriceBook;
  readonly acceptMs: number;
  readonly parkedMax: number;
  readonly accounts: Map<string, Account>;
  /** Bodies of the events and commands whose identity is used, by identity. */
  readonly seenEvents: Map<string, string>;
  readonly seenCommands: Map<string, string>;
  /** Identities of events that were voided, seen or not. */
  readonly voids: Set<string>;
  /** In the order of arrival. */
  parked: Parked[];
  readonly deadLetters: Map<string, DeadLetter>;
  readonly history: HistoryLine[];
};

/** An empty ledger. `acceptDays` is the setting ACCEPT_DAYS. */
export const createModel = (options: { book: PriceBook; acceptDays?: number; parkedMax?: number }): Model => ({
  book: options.book,
  acceptMs: (options.acceptDays ?? ACCEPT_DAYS_DEFAULT) * DAY_MS,
  parkedMax: options.parkedMax ?? PARKED_EVENTS_MAX,
  accounts: new Map(),
  seenEvents: new Map(),
  seenCommands: new Map(),
  voids: new Set(),
  parked: [],
  deadLetters: new Map(),
  history: [],
});

/** Account and id as one key: neither can contain a space. */
export const identity = (accountId: string, id: string): string => `${accountId} ${id}`;

/**
 * What crosses the edge, after parsing: times in milliseconds, credits as µcr, defaults filled in. The schemas produce
 * exactly these; the rules read nothing else. A field that was left out is `undefined` (its value is kept), one that
 * was given as null is `null` (its value is cleared).
 */
import type { Micros } from './money.ts';

export type KeySource = 'platform' | 'byok';

/** Disjoint pools of tokens, each an integer from 0 to 2^31−1; a pool that was left out is 0. */
export type Tokens = {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
};

/** One model call. */
export type UsageEvent = {
  readonly id: string;
  readonly accountId: string;
  readonly serverId: string;
  /** As sent: an alias stays one here. */
  readonly model: string;
  readonly occurredAt: number;
  readonly tokens: Tokens;
  readonly keySource: KeySource;
  /** Sorted by key, keys unique. */
  readonly attributes: readonly (readonly [key: string, value: string])[];
};

export type Plan = { readonly id: string; readonly monthlyCredits: Micros };

/** `monthlyRemaining` of an account moved in from elsewhere is at most its plan's `monthlyCredits`. */
export type Opening = { readonly monthlyRemaining: Micros; readonly bonus: Micros };

export type Alert =
  | { readonly id: string; readonly kind: 'absolute'; readonly credits: Micros }
  | { readonly id: string; readonly kind: 'percent'; readonly percent: number }
  | { readonly id: string; readonly kind: 'runway'; readonly days: number };

type CommandBase = {
  readonly id: string;
  readonly accountId: string;
  /** Crossings are recorded, nothing is sent. */
  readonly silent: boolean;
  /** When the platform decided it; left out: when it was queued. Read by upsert, alerts.set and server.limit only. */
  readonly at: number | undefined;
};

/**
 * The first upsert of an account must carry `email`, `timeZone`, `anchor` and `plan`; a later one may leave any of them
 * out to keep it. None of the four can be cleared.
 */
export type AccountUpsert = CommandBase & {
  readonly type: 'account.upsert';
  readonly email: string | undefined;
  /** An IANA name, as `assertTimeZone` prints it. */
  readonly timeZone: string | undefined;
  /** Local date-time of the first cycle, as `parseAnchor` prints it. */
  readonly anchor: string | undefined;
  readonly plan: Plan | undefined;
  readonly name: string | null | undefined;
  readonly locale: string | null | undefined;
  readonly recipients: readonly string[] | null | undefined;
  /** Read when the account is seen for the first time only. */
  readonly opening: Opening | undefined;
};

export type AccountClose = CommandBase & { readonly type: 'account.close'; readonly reason: string };

export type CreditsPurchase = CommandBase & {
  readonly type: 'credits.purchase';
  /** More than 0. */
  readonly credits: Micros;
  readonly price: { readonly amount: string; readonly currency: string } | undefined;
  readonly purchasedAt: number | undefined;
  readonly reference: string | undefined;
};

export type CreditsRefund = CommandBase & {
  readonly type: 'credits.refund';
  /** The id of the purchase command. */
  readonly purchaseId: string;
  /** What is asked for, more than 0. */
  readonly credits: Micros;
};

export type AlertsSet = CommandBase & { readonly type: 'alerts.set'; readonly alerts: readonly Alert[] };

export type ServerLimit = CommandBase & {
  readonly type: 'server.limit';
  readonly serverId: string;
  /** null lifts the limit. */
  readonly dailyCredits: Micros | null | undefined;
  readonly warnAtPercent: number | null | undefined;
};

export type UsageVoid = CommandBase & {
  readonly type: 'usage.void';
  readonly eventId: string;
  readonly reason: string;
};

export type AccountCommand =
  | AccountUpsert
  | AccountClose
  | CreditsPurchase
  | CreditsRefund
  | AlertsSet
  | ServerLimit
  | UsageVoid;

export type CommandType = AccountCommand['type'];

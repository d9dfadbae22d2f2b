/** Bounds of the notifier, each with its reason. A test may replace those in `NotifyLimits`. */
import type { LeaseLimits } from '../lease.ts';
import type { RelayBounds } from '../platform-events/relay.ts';

export interface NotifyLimits extends LeaseLimits, RelayBounds {
  /** How often an empty outbox is looked at; commits of the same process stir the notifier at once. */
  readonly pollMs: number;
  /** Shortest time between two looks: a busy service commits hundreds of times a second, and few commits make a mail. */
  readonly lookMsMin: number;
  /** Wait after a failure of Redis: grows from the first to the last, each time somewhere in its upper half. */
  readonly backoffFirstMs: number;
  readonly backoffLastMs: number;
  /** Pause after the mail server could not be used by anybody; grows likewise. */
  readonly pauseFirstMs: number;
  readonly pauseLastMs: number;
  /** A mail goes without a breakdown rather than late. */
  readonly breakdownMs: number;
  /** How long a stop waits for mails that are being sent. */
  readonly stopMs: number;
}

export const NOTIFY_LIMITS: NotifyLimits = {
  // As the flusher's: a notifier that was killed is replaced within 3.5 s.
  ...{ leaseMs: 3_000, leaseRenewMs: 700, leaseRetryMs: 500 },
  pollMs: 100,
  lookMsMin: 10,
  ...{ backoffFirstMs: 100, backoffLastMs: 5_000 },
  // A mail server that restarts is away for seconds; one that is gone is asked once a minute.
  ...{ pauseFirstMs: 1_000, pauseLastMs: 60_000 },
  // Ten times what ClickHouse takes for a batch when it has little else to do.
  breakdownMs: 200,
  // Longer than a mail server takes to answer, shorter than what supervisors wait before they kill.
  stopMs: 5_000,
};

/** Mails claimed and not concluded at a time: a crash makes this many wait for the lease to run out, and no more. */
export const MAILS_UNDER_WAY_MAX = 20;
/**
 * Marked and not answered by the mail server at a time, as many as the mailer has connections: of these, and of those that
 * are being written down, a crash leaves it unknown.
 */
export const MAILS_SENDING_MAX = 3;
/** Room that a claim waits for while others are under way: one question to ClickHouse is for several mails. */
export const CLAIM_MAILS_MIN = 5;
/** An account whose mails cannot be read is a fault to be mended by hand: looked at, and told, once an hour. */
export const UNREADABLE_MS = 3_600_000;
/** Accounts whose left claims are read at a time. */
export const RESOLVE_PAGE = 100;

/** A delivery takes no longer, whatever the server does: the mailer's own waits for a sign of life are shorter. */
export const DELIVERY_MS_MAX = 120_000;
/** A delivery that is over is written down for as long as Redis needs to come back from a restart. */
export const CONCLUDE_MS_MAX = 60_000;

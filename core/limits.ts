/**
 * Bounds that more than one part of the program needs, each with its reason. Units are the last word of a name.
 * A bound that a single file needs lives in that file.
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
/** A day of 24 hours; a local day may have 23 or 25, so never use this to find a midnight. */
export const DAY_MS = 24 * HOUR_MS;

// ── amounts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Largest token count of one pool: pools are Int32 in ClickHouse ("below 2^31"). */
export const TOKENS_MAX = 2 ** 31 - 1;
/**
 * Dearest rate a price book may have, in µcr per 1,000 tokens (1,000 credits). Four full pools at this rate cost
 * 8.59e15 µcr, which is still below 2^53: so no single event can ever cost more than an amount can hold.
 */
export const RATE_MICROS_PER_1000_MAX = 1_000_000_000;

// ── names and text ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Length of `accountId`, `serverId`, `model` and every `id`; all characters are ASCII, so also their bytes. */
export const ID_CHARS_MAX = 128;
/** Addresses beside the account's own that get its mails. */
export const RECIPIENTS_MAX = 5;
/** String pairs on one event; they are kept with the raw row only. */
export const ATTRIBUTES_MAX = 16;
/** A name such as "request-region"; the same few on every event, so they stay in ClickHouse's low-cardinality store. */
export const ATTRIBUTE_KEY_CHARS_MAX = 64;
/** Room for a URL or a trace id, not for a prompt: sixteen full ones still leave an event far below a job's 512 KiB. */
export const ATTRIBUTE_VALUE_CHARS_MAX = 512;
/** Name of an account's owner, as mails greet them. */
export const NAME_CHARS_MAX = 200;
/** Why an account was closed or an event voided; it is shown in the ledger. */
export const REASON_CHARS_MAX = 500;
/** An invoice or payment number of the platform's. */
export const REFERENCE_CHARS_MAX = 200;
/** Longest address that SMTP can carry (RFC 5321, errata 1690). */
export const EMAIL_CHARS_MAX = 254;
/** Alerts of one account beside the two that every account has: they are re-decided at every debit. */
export const ALERTS_MAX = 20;

// ── times ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How old an event may be at its first arrival, in days; the setting `ACCEPT_DAYS` replaces it. */
export const ACCEPT_DAYS_DEFAULT = 35;
/** How far ahead of the clock an event may be stamped: clocks of producers differ by seconds, not by more. */
export const FUTURE_MS_MAX = 5 * MINUTE_MS;
/** Rule 5: how long after a cycle's end a job may have been queued and still be charged to that cycle. */
export const LATE_GRACE_MS = DAY_MS;
/** Rule 1: after a changed anchor the next cycle is longer than this, so that nobody gets two grants in a day. */
export const CYCLE_AFTER_CHANGE_MS_MIN = DAY_MS;
/** Years an anchor may lie in: what ClickHouse's Date32 and every zone table hold with centuries to spare. */
export const ANCHOR_YEAR_MIN = 1970;
export const ANCHOR_YEAR_MAX = 2199;

// ── parking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How many events may wait for an account or a model; beyond it they become dead letters. */
export const PARKED_EVENTS_MAX = 1_000_000;
/** How long an event may wait for an account or a model before it becomes a dead letter. */
export const PARKED_MS_MAX = 30 * DAY_MS;

/** Bounds of what the platform hears, each with its reason. */

/** Jobs that wait for the platform: some 80 MB of Redis. Beyond it the relay waits, and the outbox holds the rest. */
export const QUEUE_JOBS_MAX = 100_000;
/**
 * Entries of the outbox, one a commit: some 60 MB of Redis where a commit tells of one account. Beyond it the oldest are
 * dropped: every event carries the whole state of its account, so a later one makes up for it.
 */
export const OUTBOX_ENTRIES_MAX = 100_000;
/** Events of one addition to the queue: a transaction of a few milliseconds, so that no commit waits longer. */
export const RELAY_EVENTS_MAX = 500;
/** Entries read at a time. */
export const RELAY_ENTRIES_MAX = 200;
/** How often a queue that is full is looked at. */
export const FULL_LOOK_MS = 1_000;
/** A consumer that throws sees the event again after 1, 2, 4 … seconds: for over an hour in all. */
export const ATTEMPTS = 13;
export const ATTEMPT_BACKOFF_MS = 1_000;
/** Events that a consumer refused every time, kept for a person to look at. */
export const FAILED_JOBS_MAX = 10_000;

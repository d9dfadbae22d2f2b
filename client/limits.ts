/** Bounds of the producer client, each with its reason. Those of `UsageClientOptions` can be set by the platform. */

/** Events in a job: what one commit of the ledger takes, so a job is charged in one step. */
export const BATCH_EVENTS = 500;
/** What the contract makes a job for; a larger one would still be taken, but holds up the others of its worker. */
export const BATCH_EVENTS_MAX = 1_000;
/** Bytes of a job's data, as JSON (contract, "Usage event"). */
export const BATCH_BYTES_MAX = 512 * 1024;
/** Room for one event of the largest kind that the schema accepts: 16 full attributes of three bytes a character. */
export const BATCH_BYTES_MIN = 64 * 1024;
/** How long the first event of a job waits for company: nobody notices it beside a model call of seconds. */
export const BATCH_WAIT_MS = 20;
export const BATCH_WAIT_MS_MAX = 60_000;

/** Events not queued yet, beyond which `record` refuses: some 60 MB of heap while Redis is away. */
export const WAITING_EVENTS_MAX = 50_000;
export const WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** Queued events whose outcome is awaited, kept so that they can be sent again; beyond it outcomes are not awaited. */
export const UNSETTLED_EVENTS_MAX = 50_000;
export const UNSETTLED_BYTES_MAX = 64 * 1024 * 1024;
/** No setting goes beyond this: a thousand times the default would only move the end of the memory. */
export const KEPT_EVENTS_MAX = 10_000_000;
export const KEPT_BYTES_MAX = 8 * 1024 * 1024 * 1024;

/** Jobs on their way to Redis at once: hides a network's round trip, and keeps memory of sent commands small. */
export const JOBS_IN_FLIGHT_MAX = 4;
/** Tries of one job against a Redis that answers and refuses; with the waits between them some 3 s. */
export const REFUSED_TRIES_MAX = 6;
/** First and longest wait between tries. */
export const RETRY_MS_MIN = 100;
export const RETRY_MS_MAX = 2_000;
/** Between tries to connect: quick to be back, gentle while away. */
export const RECONNECT_MS_MAX = 1_000;

/** How often jobs without an outcome are looked up, and how many in one round trip; the oldest look-up comes first. */
export const LOOK_INTERVAL_MS = 2_000;
export const LOOK_JOBS_MAX = 500;
/** A job that is gone this long while its completion has not come: the completion was missed. It takes milliseconds. */
export const MISSED_AFTER_MS = 1_500;
/** Times a job is sent again because its completion was missed: something else removes jobs if it takes more. */
export const RESENDS_MAX = 5;

/** How long `close` waits for a Redis that is away before it gives up: below most platforms' grace of 30 s. */
export const CLOSE_WAIT_MS = 20_000;
export const CLOSE_WAIT_MS_MAX = 3_600_000;

/**
 * Every bound of the two sidecars in one place, each with its reason. Units are the last word of a name.
 * Bounds that the rest of the program shares live in `core/limits.ts`.
 */

/** How long the engines outlive their last client: a person types the next command within it, a crash is seen soon. */
export const LINGER_MS = 10_000;
/** How long a command waits for a keeper with both engines up: a cold start takes one second, a long AOF much more. */
export const OPEN_TIMEOUT_MS = 120_000;
/** How often something is looked at again that no event tells about (a lock, a socket that does not exist yet). */
export const POLL_MS = 25;
/** Pause before a client starts another keeper after the one it started has ended and still none answers. */
export const KEEPER_PAUSE_MS = 1_000;
/** How long a new keeper waits for the one before it, and for engines that are still writing, before it gives up. */
export const PREDECESSOR_TIMEOUT_MS = 60_000;
/** How long an engine may take to answer after its start: Redis loads its AOF in this time (about 1 GB in 10 s). */
export const ENGINE_START_TIMEOUT_MS = 110_000;
/** How long an engine may take to stop by itself: chDB stops in 0.1 s, but lets a running insert end first. */
export const ENGINE_STOP_TIMEOUT_MS = 30_000;
/** First and longest pause before a dead engine is started again; doubled after each failure in a row. */
export const RESTART_PAUSE_MS_MIN = 100;
export const RESTART_PAUSE_MS_MAX = 5_000;
/** An engine that ran for less than this counts as one that did not start: a crash loop must slow down too. */
export const STEADY_MS = 10_000;
/** Starts in a row that may fail before the clients that wait are told; it is tried again while any stays. */
export const START_FAILURES_MAX = 3;
/** Lines of an engine's own words that go into an error. */
export const LOG_LINES_SHOWN_MAX = 5;
export const LOG_LINE_CHARS_MAX = 200;
/** A log of a sidecar is begun anew when it is larger than this at a start; one older file is kept. */
export const LOG_BYTES_MAX = 5 * 1024 * 1024;
/** One line of the keeper's protocol; the longest real one is under 1 KiB. */
export const LINE_BYTES_MAX = 64 * 1024;
/** Bytes of a unix socket's path: sun_path has 108 on Linux and 104 on macOS, the last of them a NUL. */
export const SOCKET_PATH_BYTES_MAX = 100;
/** Share of the machine's memory the embedded Redis may fill before it refuses writes (it never evicts). */
export const REDIS_MEMORY_SHARE = 0.5;
/**
 * Size of the append-only file below which Redis does not rewrite it. Its own 64 MB are two seconds of a busy ingest,
 * each rewrite a copy of the whole data; a start reads this much back in two to three seconds.
 */
export const REDIS_REWRITE_SIZE_MIN = '512mb';
/** Fields up to which Redis keeps a hash compact: 26–29 bytes a dedupe id; at 513 it becomes 80 and stays so. */
export const REDIS_HASH_COMPACT_FIELDS_MAX = 512;

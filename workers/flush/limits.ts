/** Bounds of the flusher, each with its reason. A test or a setting may replace those in `FlushLimits`. */

export type FlushLimits = {
  /** A block is closed at this many rows of all tables together, or at this many bytes in the outbox. */
  readonly blockRowsMax: number;
  readonly blockBytesMax: number;
  /** A block is closed when its oldest entry has waited this long. */
  readonly flushIntervalMs: number;
  /** A block of this many rows is closed as soon as a look finds nothing more: it is worth an insert of its own. */
  readonly restRowsMin: number;
  /** How often an outbox that is empty, or not full enough yet, is looked at. */
  readonly pollMs: number;
  /** How long a lease lives without being renewed, how often it is renewed, how often another's lease is tried. */
  readonly leaseMs: number;
  readonly leaseRenewMs: number;
  readonly leaseRetryMs: number;
  /** Wait before another attempt: grows from the first to the last, each time somewhere in its upper half. */
  readonly backoffFirstMs: number;
  readonly backoffLastMs: number;
};

export const FLUSH_LIMITS: FlushLimits = {
  // Half of an insert's price at 50,000 rows is per block: at 100,000 a row costs a quarter less.
  blockRowsMax: 100_000,
  // Twice what 100,000 rows usually take; two blocks are in memory at a time.
  blockBytesMax: 48 * 1024 * 1024,
  // A row is in ClickHouse about a second after its commit; at 86,400 small blocks a day merges keep up with ease.
  flushIntervalMs: 1_000,
  // A tenth of a full block: bursts this large are few, and their rows need not wait for company that does not come.
  restRowsMin: 10_000,
  pollMs: 100,
  // A flusher that was killed is replaced after leaseMs + leaseRetryMs at most: 3.5 s. Three renewals may go missing.
  leaseMs: 3_000,
  leaseRenewMs: 700,
  leaseRetryMs: 500,
  backoffFirstMs: 100,
  backoffLastMs: 5_000,
};

/** How often the outbox is looked at while somebody waits for it to be flushed: far less than a block takes. */
export const HURRIED_POLL_MS = 2;

/** Entries of one read: enough to fill a block of tiny commits in few round trips, few enough to bound one reply. */
export const PAGE_ENTRIES_MIN = 16;
export const PAGE_ENTRIES_MAX = 2_000;

/** Encoded usage goes to the socket in pieces of about this size: large enough that their number costs nothing. */
export const CHUNK_BYTES = 1024 * 1024;

/**
 * Rows of one block that may be refused for their content. A poison row is rare: more of them mean that program and
 * tables do not fit, and then nothing is set aside and nothing trimmed until a person has looked. To find one row of
 * 100,000 takes 18 small questions, so the search ends within about a minute.
 */
export const REFUSED_ROWS_MAX = 250;
/** ClickHouse's words in a dead letter: one sentence, without the rows it likes to print after it. */
export const REFUSED_WORDS_CHARS_MAX = 300;
/** Bytes of a refused row that its dead letter keeps (as base64 or text): the bound of every dead letter's body. */
export const REFUSED_BODY_BYTES_MAX = 48 * 1024;

/**
 * Block numbers of partition k start at k × 2^40, so that a number is of one partition only, in every table. 2^40 blocks
 * of a second are 34,000 years; k stays exact up to 8,191.
 */
export const BLOCKS_PER_PARTITION = 2 ** 40;

/** Every bound of the embedded ClickHouse's HTTP server, each with its reason. Units are the last word of a name. */

/**
 * Threads of libuv in the chDB process. Each running query holds one, and so does each file operation; with 4 threads
 * four slow queries held an insert up for 3 s, with 16 for 0.1 s. Lanes below leave some free for files.
 */
export const CHDB_THREADS = 16;
/** Queries that run at a time; more wait. With the inserts this stays below CHDB_THREADS. */
export const QUERIES_MAX = 10;
/** Inserts that run at a time: two in flight overlap writing and merging (92,000 → 152,000 rows/s), more add nothing. */
export const INSERTS_MAX = 2;
/** Requests that may wait for a lane; beyond it the answer is 503 at once. */
export const WAITING_MAX = 256;
/** How long a request waits for a lane before it is told to come back. */
export const WAIT_MS_MAX = 60_000;
/** Bytes of one request's body, before and after decompression. The largest block of the flusher is under 40 MB. */
export const BODY_BYTES_MAX = 256 * 1024 * 1024;
/** Bytes of SQL before the data begins; ClickHouse's own parser takes 256 KiB. */
export const SQL_BYTES_MAX = 256 * 1024;
/** Bytes of a request's head; parameters and settings travel in the URL. */
export const HEADER_BYTES_MAX = 512 * 1024;
/** How long a request's head and body may take to arrive. */
export const REQUEST_MS_MAX = 300_000;
/** How long the rest of a refused body is read, so that its sender comes to the answer. */
export const DRAIN_MS_MAX = 30_000;
/** How long a query may run unless the writer says otherwise; a reader's always ends then. */
export const QUERY_SECONDS_MAX = 300;
/** Memory one result may take: it is held whole before it is sent. */
export const RESULT_BYTES_MAX = 1024 * 1024 * 1024;
/** Sessions kept for the next query with the same settings; opening one costs 0.3 ms, each SET as much again. */
export const IDLE_SESSIONS_MAX = 24;
/** Ports to choose from: below the range systems lend to outgoing connections, so that ours is free next time too. */
export const PORT_MIN = 18_123;
export const PORT_MAX = 28_122;
/** How many ports are tried before giving up. */
export const PORT_TRIES_MAX = 50;
/** How long running inserts and the engine may take to end; then the process is killed, native hangs included. */
export const STOP_MS_MAX = 20_000;
/** How long the last answers may take to go out after the engine has finished; a slow sender of data is cut off. */
export const ANSWER_MS_MAX = 2_000;
/** Answers from this size on are compressed when the client takes gzip. */
export const GZIP_BYTES_MIN = 1024;

/**
 * Names of every Redis key that the ledger owns, in one place.
 * All keys of a partition carry its hash tag, so that a commit stays in one slot of a Redis Cluster.
 * An id stands only at the end of a key and below a fixed word of its own, so two ids never meet in one key.
 */

/** Keys of one partition. `tag` is the hash tag with its braces, e.g. `{flowly-0}`; BullMQ gets it as `prefix`. */
export interface LedgerKeys {
  readonly tag: string;
  /** Hash: ledger id, partitions, sequence, counters, dedupe directory, flushed sequence and block. */
  readonly meta: string;
  /** Sorted set of every account, scored by the end of its running cycle. */
  readonly accounts: string;
  /** Stream of committed rows, entry id = sequence; read and trimmed by the flusher alone. */
  readonly outboxRows: string;
  /** Stream of platform events, entry id = sequence; read and trimmed by the notifier alone. */
  readonly outboxEvents: string;
  /** Sorted set of the accounts with a mail that waits, scored by when the first of them is due. */
  readonly mailsDue: string;
  /** Set of the accounts with a mail that somebody has claimed. */
  readonly mailsClaimed: string;
  readonly notifyLease: string;
  /** Sorted set of the accounts to look at when their local day ends, scored by that midnight. */
  readonly midnights: string;
  readonly flushLease: string;
  readonly flushSeal: string;
  /** Sorted set of the lists that hold parked events, scored by their oldest arrival or less. */
  readonly parkedIndex: string;
  /** List of dead letters that may be recorded already: ClickHouse is asked before they are. */
  readonly lettersInDoubt: string;
  /** Hash: the last run of each scheduled job. Not the queue `jobs`, which is BullMQ's. */
  readonly jobRuns: string;
  account(id: string): string;
  commands(accountId: string): string;
  purchases(accountId: string): string;
  /** Hash of the account's voided events, each with the command that voided it: the mark of a void, for good. */
  voids(accountId: string): string;
  parkedEvents(accountId: string): string;
  parkedCommands(accountId: string): string;
  parkedModels(model: string): string;
  dedupe(bucket: number): string;
}

/** The hash tag of partition `index`, e.g. `{flowly-0}`. */
export function partitionTag(index: number): string {
  return `{flowly-${index}}`;
}

/** Builds the keys of one partition from its hash tag. */
export function ledgerKeys(tag: string): LedgerKeys {
  const root = `${tag}:ledger`;
  return {
    tag,
    meta: `${root}:meta`,
    accounts: `${root}:accounts`,
    outboxRows: `${root}:outbox:rows`,
    outboxEvents: `${root}:outbox:events`,
    mailsDue: `${root}:mails:due`,
    mailsClaimed: `${root}:mails:claimed`,
    notifyLease: `${root}:notify:lease`,
    midnights: `${root}:midnights`,
    flushLease: `${root}:flush:lease`,
    flushSeal: `${root}:flush:seal`,
    parkedIndex: `${root}:parked`,
    lettersInDoubt: `${root}:letters:in-doubt`,
    jobRuns: `${root}:job-runs`,
    account: (id) => `${root}:account:${id}`,
    commands: (id) => `${root}:commands:${id}`,
    purchases: (id) => `${root}:purchases:${id}`,
    voids: (id) => `${root}:voids:${id}`,
    parkedEvents: (id) => `${root}:parked:events:${id}`,
    parkedCommands: (id) => `${root}:parked:commands:${id}`,
    parkedModels: (model) => `${root}:parked:models:${model}`,
    dedupe: (bucket) => `${root}:dedupe:${bucket}`,
  };
}

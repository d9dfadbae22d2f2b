/**
 * The columns of every ClickHouse table that the service inserts into, in the order an insert names them.
 * For usage that is also the RowBinary order: `body` is encoded when the event is taken, `split` by the commit, `tail`
 * by the flusher. Invariant (tested on the engine): these are exactly the columns of schema/clickhouse/*.sql.
 */

/** As sent by the producer: first and contiguous, so that their bytes are what "the same body" compares. */
export const USAGE_AS_SENT_COLUMNS = [
  'event_id',
  'account_id',
  'server_id',
  'model_sent',
  'key_source',
  'occurred_at',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'attributes',
] as const;

/** Derived from the event, the price book and the account's schedule, before the commit. */
export const USAGE_DERIVED_COLUMNS = ['model', 'price_version', 'cost', 'local_day', 'cycle'] as const;

export const USAGE_BODY_COLUMNS = [...USAGE_AS_SENT_COLUMNS, ...USAGE_DERIVED_COLUMNS] as const;

/** Decided by the commit: fixed width, see `SPLIT_BYTES`. */
export const USAGE_SPLIT_COLUMNS = [
  'position',
  'from_previous',
  'from_monthly',
  'from_bonus',
  'uncovered',
  'monthly_after',
  'bonus_after',
  'paying_cycle',
  'events',
] as const;

/** UInt16, six Int64, Int32, Int8, little endian: what the commit packs with '<I2i8i8i8i8i8i8i4i1'. */
export const SPLIT_BYTES = 2 + 6 * 8 + 4 + 1;

/** The same for all rows of one commit; the last columns of every table that a block is written to. */
export const TAIL_COLUMNS = ['sequence', 'committed_at', 'block'] as const;

/** UInt64, DateTime64(3), UInt64, little endian. */
export const TAIL_BYTES = 8 + 8 + 8;

/** `usage_landing` takes these; its view copies them into `usage_events`. */
export const USAGE_COLUMNS = [...USAGE_BODY_COLUMNS, ...USAGE_SPLIT_COLUMNS, ...TAIL_COLUMNS] as const;

export const LEDGER_ENTRY_COLUMNS = [
  'account_id',
  'index',
  'kind',
  'cycle',
  'monthly_delta',
  'bonus_delta',
  'uncovered_delta',
  'monthly_after',
  'bonus_after',
  'uncovered_after',
  'ref',
  'note',
  ...TAIL_COLUMNS,
] as const;

/** In RowBinary: String, UInt32, Enum8, UInt32, UInt32, two FixedString(32), then the tail. */
export const LEDGER_CHAIN_COLUMNS = [
  'account_id',
  'place',
  'kind',
  'rows',
  'index',
  'content',
  'chain',
  ...TAIL_COLUMNS,
] as const;

export const ACCOUNT_HISTORY_COLUMNS = [
  'account_id',
  'command_id',
  'type',
  'at',
  'outcome',
  'detail',
  'body',
  'schedule',
  ...TAIL_COLUMNS,
] as const;

export const ACCOUNT_CONTACT_COLUMNS = [
  'account_id',
  'email',
  'name',
  'recipients',
  'locale',
  ...TAIL_COLUMNS,
] as const;

export const DEAD_LETTER_COLUMNS = [
  'key',
  'account_id',
  'id',
  'kind',
  'reason',
  'field',
  'detail',
  'body',
  'queued_at',
  ...TAIL_COLUMNS,
] as const;

export const PARKED_EVENT_COLUMNS = ['account_id', 'id', 'kind', 'reason', 'body', ...TAIL_COLUMNS] as const;

export const REDRIVEN_LETTER_COLUMNS = [
  'key',
  'account_id',
  'id',
  'kind',
  'reason',
  'outcome',
  ...TAIL_COLUMNS,
] as const;

/** `position` is the line's place among those of its commit, and the flusher's to fill in. */
export const ALERT_HISTORY_COLUMNS = [
  'account_id',
  'alert_id',
  'built_in',
  'kind',
  'number',
  'state',
  'threshold',
  'remaining',
  'granted',
  'by',
  'ref',
  'silent',
  'position',
  ...TAIL_COLUMNS,
] as const;

export const MAIL_HISTORY_COLUMNS = [
  'account_id',
  'intent_id',
  'kind',
  'status',
  'about',
  'by',
  'ref',
  'snapshot',
  'words',
  'attempts',
  'position',
  ...TAIL_COLUMNS,
] as const;

export const RELEASED_EVENT_COLUMNS = ['account_id', 'id', 'kind', ...TAIL_COLUMNS] as const;

/** `partition` is 0 unless PARTITIONS is more than 1. */
export const FLUSHED_BLOCK_COLUMNS = [
  'block',
  'first_sequence',
  'last_sequence',
  'rows',
  'sha256',
  'flushed_at',
  'partition',
] as const;

export const LEDGER_IDENTITY_COLUMNS = ['ledger_id', 'partition', 'partitions'] as const;

export const PRICE_VERSION_COLUMNS = ['name', 'checksum', 'content'] as const;

/** Table to columns, for inserters and for the test that compares them with the engine. */
export const TABLE_COLUMNS = {
  usage_landing: USAGE_COLUMNS,
  usage_events: USAGE_COLUMNS,
  ledger_entries: LEDGER_ENTRY_COLUMNS,
  ledger_chain: LEDGER_CHAIN_COLUMNS,
  account_history: ACCOUNT_HISTORY_COLUMNS,
  account_contacts: ACCOUNT_CONTACT_COLUMNS,
  alert_history: ALERT_HISTORY_COLUMNS,
  mail_history: MAIL_HISTORY_COLUMNS,
  dead_letters: DEAD_LETTER_COLUMNS,
  parked_events: PARKED_EVENT_COLUMNS,
  released_events: RELEASED_EVENT_COLUMNS,
  redriven_letters: REDRIVEN_LETTER_COLUMNS,
  flushed_blocks: FLUSHED_BLOCK_COLUMNS,
  ledger_identity: LEDGER_IDENTITY_COLUMNS,
  price_versions: PRICE_VERSION_COLUMNS,
} as const;

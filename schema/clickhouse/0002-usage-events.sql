-- Every usage event that was charged, one row each (a void is a second row with negative events, tokens and amounts),
-- and the Null table that the flusher inserts into: its views feed the raw table and the rollups from one block, under
-- one insert_deduplication_token. All amounts are Int64 micro-credits (1 credit = 1,000,000).
-- Columns and their order are the RowBinary order of schema/rows.ts: body, split, tail.

CREATE TABLE IF NOT EXISTS {database:Identifier}.usage_landing
(
    event_id           String,
    account_id         String,
    server_id          String,
    model_sent         LowCardinality(String),
    key_source         Enum8('platform' = 0, 'byok' = 1),
    occurred_at        DateTime64(3, 'UTC'),
    input_tokens       Int32,
    output_tokens      Int32,
    cache_read_tokens  Int32,
    cache_write_tokens Int32,
    attributes         Map(LowCardinality(String), String),
    model              LowCardinality(String),
    price_version      LowCardinality(String),
    cost               Int64,
    local_day          Date32,
    cycle              Int32,
    position           UInt16,
    from_previous      Int64,
    from_monthly       Int64,
    from_bonus         Int64,
    uncovered          Int64,
    monthly_after      Int64,
    bonus_after        Int64,
    paying_cycle       Int32,
    events             Int8,
    sequence           UInt64,
    committed_at       DateTime64(3, 'UTC'),
    block              UInt64
)
ENGINE = Null;

CREATE TABLE IF NOT EXISTS {database:Identifier}.usage_events
(
    -- As sent. Codecs were measured on 2 M rows in this order, in bytes a row. ZSTD(1) halves the ids (16 against 32 of
    -- LZ4) for a few percent of the insert's CPU; the sorted account is smaller and six times faster to read with LZ4.
    event_id           String CODEC(ZSTD(1)),
    account_id         String CODEC(LZ4),
    server_id          String CODEC(ZSTD(1)),
    model_sent         LowCardinality(String) COMMENT 'as the producer sent it; an alias stays one' CODEC(ZSTD(1)),
    key_source         Enum8('platform' = 0, 'byok' = 1) CODEC(ZSTD(1)),
    -- Sorted inside an account, so differences are small: 1.0, without Delta 3.2.
    occurred_at        DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    -- Counts use a few of their 32 bits, which T64 drops: 1.5, without it 2.1, and faster to read.
    input_tokens       Int32 CODEC(T64, ZSTD(1)),
    output_tokens      Int32 CODEC(T64, ZSTD(1)),
    cache_read_tokens  Int32 CODEC(T64, ZSTD(1)),
    cache_write_tokens Int32 CODEC(T64, ZSTD(1)),
    attributes         Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    -- Derived from the event, the price book and the account's cycles.
    model              LowCardinality(String) COMMENT 'the price book''s name of model_sent' CODEC(ZSTD(1)),
    price_version      LowCardinality(String) CODEC(ZSTD(1)),
    cost               Int64 COMMENT 'µcr, rounded up' CODEC(T64, ZSTD(1)),
    local_day          Date32 COMMENT 'calendar day of occurred_at in the account''s time zone' CODEC(ZSTD(1)),
    cycle              Int32 COMMENT 'the cycle that contains occurred_at' CODEC(ZSTD(1)),
    -- Decided by the commit. The four parts add up to cost.
    position           UInt16 COMMENT 'place in its commit' CODEC(T64, ZSTD(1)),
    from_previous      Int64 COMMENT 'monthly credits of the cycle before (rule 5)' CODEC(T64, ZSTD(1)),
    from_monthly       Int64 CODEC(T64, ZSTD(1)),
    from_bonus         Int64 CODEC(T64, ZSTD(1)),
    uncovered          Int64 CODEC(T64, ZSTD(1)),
    -- Balances fall by one cost after the other.
    monthly_after      Int64 CODEC(Delta, ZSTD(1)),
    bonus_after        Int64 CODEC(Delta, ZSTD(1)),
    paying_cycle       Int32 COMMENT 'the cycle that was running at the commit' CODEC(ZSTD(1)),
    events             Int8 COMMENT '1; -1 for a void' CODEC(ZSTD(1)),
    sequence           UInt64 COMMENT 'number of the commit in its partition' CODEC(Delta, ZSTD(1)),
    committed_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    block              UInt64 COMMENT 'the sealed block that brought the row: the mark of the repair' CODEC(Delta, ZSTD(1)),

    -- One event by its id (explain, void), and up to 500 (account, id) pairs at once (late events' dedupe look-up):
    -- the order key finds the account, this its granules. 0.001 and not the usual 0.025, because a look-up of n ids
    -- reads a granule in vain with n times that chance. Costs 1.8 bytes a row.
    INDEX event_id_bloom event_id TYPE bloom_filter(0.001) GRANULARITY 1,
    -- `block = N` after a restart or a failed insert: N is the newest, so every part without it ends below it and is
    -- skipped; what is read of the others is one small column.
    INDEX block_minmax block TYPE minmax GRANULARITY 1,
    -- What was committed since a sequence number, for reconcile and for applying missing rows to Redis again.
    INDEX sequence_minmax sequence TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
-- A month: ranges of usage prune to their months, a block has rows of one to three, and the repair asks month by month
-- (each part of an insert is one month, and appears whole or not at all).
PARTITION BY toYYYYMM(occurred_at)
-- Everything that is asked of raw rows names an account (explain, dedupe, statement) or goes through all of them by
-- account (reconcile), and then wants a stretch of time.
ORDER BY (account_id, occurred_at)
-- The window counts parts, first in, first out. It must outlive the slowest second sender of a block, one that hung and
-- goes on after its lease was lost: 10,000 parts are about an hour of a block a second over three months, and the
-- default of replicated tables. It costs 1 MB of memory a table.
-- fsync: the outbox in Redis is trimmed after the insert, so the rows must be on disk by then.
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.usage_events_view
TO {database:Identifier}.usage_events
AS SELECT * FROM {database:Identifier}.usage_landing;

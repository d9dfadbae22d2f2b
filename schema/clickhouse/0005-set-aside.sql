-- What was not charged when it came: dead letters, and what is parked until its account or model is known.
-- A parked item is one row in parked_events when it is set aside and one in released_events when it is applied.

CREATE TABLE IF NOT EXISTS {database:Identifier}.dead_letters
(
    key          String COMMENT 'hex of its idempotency key: one record per identity, body and reason' CODEC(ZSTD(1)),
    account_id   String COMMENT 'empty when it could not be read' CODEC(LZ4),
    id           String COMMENT 'empty when it could not be read' CODEC(ZSTD(1)),
    kind         LowCardinality(String) COMMENT 'event, command or job',
    reason       LowCardinality(String),
    field        LowCardinality(String) COMMENT 'the field at fault, or empty',
    detail       String COMMENT 'one sentence for a person' CODEC(ZSTD(1)),
    body         String COMMENT 'as JSON, cut to 64 KiB' CODEC(ZSTD(3)),
    queued_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    sequence     UInt64 CODEC(Delta, ZSTD(1)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    block        UInt64 CODEC(Delta, ZSTD(1)),

    INDEX block_minmax block TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(committed_at)
-- `explain` asks by account and id; lists and redrives by reason read the table, which is small or a reason to worry.
ORDER BY (account_id, id, key)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS {database:Identifier}.parked_events
(
    account_id   String CODEC(LZ4),
    id           String CODEC(ZSTD(1)),
    kind         LowCardinality(String) COMMENT 'event or command',
    reason       LowCardinality(String) COMMENT 'unknown-account or unknown-model',
    body         String COMMENT 'as JSON' CODEC(ZSTD(3)),
    sequence     UInt64 CODEC(Delta, ZSTD(1)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    block        UInt64 CODEC(Delta, ZSTD(1)),

    INDEX block_minmax block TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(committed_at)
ORDER BY (account_id, id, kind)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS {database:Identifier}.released_events
(
    account_id   String CODEC(LZ4),
    id           String CODEC(ZSTD(1)),
    kind         LowCardinality(String) COMMENT 'event or command',
    sequence     UInt64 CODEC(Delta, ZSTD(1)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    block        UInt64 CODEC(Delta, ZSTD(1)),

    INDEX block_minmax block TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(committed_at)
ORDER BY (account_id, id, kind)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

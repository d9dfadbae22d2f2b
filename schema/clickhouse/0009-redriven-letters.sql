-- Which dead letters were applied after all. A row is written once a letter, after the commit that applied what it kept,
-- and through the outbox like every other row: whoever redrives again leaves the letters that stand here alone.

CREATE TABLE IF NOT EXISTS {database:Identifier}.redriven_letters
(
    key          String COMMENT 'of the dead letter' CODEC(ZSTD(1)),
    account_id   String CODEC(LZ4),
    id           String CODEC(ZSTD(1)),
    kind         LowCardinality(String) COMMENT 'event, command or job',
    reason       LowCardinality(String) COMMENT 'of the dead letter',
    outcome      LowCardinality(String) COMMENT 'accepted or duplicate; of a command applied, stale or duplicate',
    sequence     UInt64 CODEC(Delta, ZSTD(1)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    block        UInt64 CODEC(Delta, ZSTD(1)),

    INDEX block_minmax block TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(committed_at)
-- Asked for by key alone, and small: letters are few or a reason to worry.
ORDER BY key
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- What happened to the accounts: the entries of their ledger, the outcome of every command, and how to reach them.
-- Written by the flusher, each table with its own insert of the same sealed block and its own token.

CREATE TABLE IF NOT EXISTS {database:Identifier}.ledger_entries
(
    account_id      String CODEC(LZ4),
    `index`         UInt64 COMMENT 'number of the entry in its account, without gaps' CODEC(Delta, ZSTD(1)),
    kind            LowCardinality(String) COMMENT 'opening, grant, expiry, expiry-reversed, usage, purchase, refund, void',
    cycle           Int32 CODEC(ZSTD(1)),
    monthly_delta   Int64 COMMENT 'µcr' CODEC(T64, ZSTD(1)),
    bonus_delta     Int64 CODEC(T64, ZSTD(1)),
    uncovered_delta Int64 CODEC(T64, ZSTD(1)),
    monthly_after   Int64 CODEC(Delta, ZSTD(1)),
    bonus_after     Int64 CODEC(Delta, ZSTD(1)),
    uncovered_after Int64 CODEC(Delta, ZSTD(1)),
    ref             String COMMENT 'id of the command or event behind it, or empty' CODEC(ZSTD(1)),
    note            String CODEC(ZSTD(1)),
    sequence        UInt64 CODEC(Delta, ZSTD(1)),
    committed_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    block           UInt64 CODEC(Delta, ZSTD(1)),

    INDEX block_minmax block TYPE minmax GRANULARITY 1,
    INDEX sequence_minmax sequence TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
-- By the commit, so that a block is nearly always one part.
PARTITION BY toYYYYMM(committed_at)
-- One account's entries in their order: `ledger`, `statement`, and the chain that `--verify` walks.
ORDER BY (account_id, `index`)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS {database:Identifier}.account_history
(
    account_id   String CODEC(LZ4),
    command_id   String CODEC(ZSTD(1)),
    type         LowCardinality(String),
    at           DateTime64(3, 'UTC') COMMENT 'when the platform decided it' CODEC(Delta, ZSTD(1)),
    outcome      LowCardinality(String) COMMENT 'applied, duplicate, stale, …',
    detail       String CODEC(ZSTD(1)),
    body         String COMMENT 'the command as JSON, without contact data' CODEC(ZSTD(3)),
    schedule     String COMMENT 'the account''s cycles after it, as JSON; rebuild needs it' CODEC(ZSTD(3)),
    sequence     UInt64 CODEC(Delta, ZSTD(1)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    block        UInt64 CODEC(Delta, ZSTD(1)),

    INDEX block_minmax block TYPE minmax GRANULARITY 1,
    INDEX sequence_minmax sequence TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(committed_at)
ORDER BY (account_id, sequence)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- The only table with personal data, apart from the others so that analysts need not be able to read it: on a server
-- with users, GRANT SELECT on the other tables only. The newest row of an account counts.
-- To forget a person: ALTER TABLE account_contacts DELETE WHERE account_id = '…'.
CREATE TABLE IF NOT EXISTS {database:Identifier}.account_contacts
(
    account_id   String CODEC(LZ4),
    email        String CODEC(ZSTD(1)),
    name         String CODEC(ZSTD(1)),
    recipients   Array(String) CODEC(ZSTD(1)),
    locale       LowCardinality(String),
    sequence     UInt64 CODEC(Delta, ZSTD(1)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    block        UInt64 CODEC(Delta, ZSTD(1)),

    INDEX block_minmax block TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(committed_at)
ORDER BY (account_id, sequence)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

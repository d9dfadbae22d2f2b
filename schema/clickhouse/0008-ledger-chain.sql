-- The chain of each account's ledger, made by the flusher: a change of what lies in ledger_entries or usage_events after
-- it was written shows (`ledger ACCOUNT --verify`). A link stands for one ledger entry, or for all usage rows of the
-- account in one block. Its value hashes the value before it, so no link can be changed, removed or put in between
-- without all that follow. What is hashed, and how, is core/ledger-chain.ts.

CREATE TABLE IF NOT EXISTS {database:Identifier}.ledger_chain
(
    account_id   String CODEC(LZ4),
    place        UInt32 COMMENT 'of the link among those of its account in its block: entries in their order, then usage' CODEC(T64, ZSTD(1)),
    kind         Enum8('entry' = 0, 'usage' = 1) CODEC(ZSTD(1)),
    rows         UInt32 COMMENT 'rows it stands for: 1 for an entry' CODEC(T64, ZSTD(1)),
    `index`      UInt32 COMMENT 'index of the entry, position of the last usage row, in its commit' CODEC(T64, ZSTD(1)),
    content      FixedString(32) COMMENT 'sha256 of the entry''s text, or of the usage rows'' bytes' CODEC(NONE),
    chain        FixedString(32) COMMENT 'sha256 of the value before it and of this link' CODEC(NONE),
    sequence     UInt64 COMMENT 'of the entry, of the last usage row' CODEC(Delta, ZSTD(1)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    block        UInt64 CODEC(Delta, ZSTD(1)),

    INDEX block_minmax block TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(committed_at)
-- The order of the chain. Its last value before a block, which the next block goes on from, is found at once: see
-- workers/flush/chain-heads.ts.
ORDER BY (account_id, block, place)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- What the fence compares at start: the blocks that are in every table, and the ledger they belong to.

-- Block and sequence numbers are counted by each partition of the ledger for itself. Rows do not carry the partition,
-- since CRC32(account_id) % PARTITIONS is it: with more than one, every question by block or sequence asks that too.

-- Written last of a block's inserts: a row here means that every other table has the block.
CREATE TABLE IF NOT EXISTS {database:Identifier}.flushed_blocks
(
    block          UInt64,
    first_sequence UInt64,
    last_sequence  UInt64,
    rows           UInt64,
    sha256         String COMMENT 'hash of the sealed bytes, hex',
    flushed_at     DateTime64(3, 'UTC'),
    partition      UInt16 DEFAULT 0 COMMENT 'of the ledger; each counts its blocks and sequences for itself'
)
ENGINE = MergeTree
-- The newest block of a partition is one step.
ORDER BY (partition, block)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- The random id that was minted with the ledger in Redis: another one there means another ledger.
CREATE TABLE IF NOT EXISTS {database:Identifier}.ledger_identity
(
    ledger_id   String,
    partition   UInt16,
    partitions  UInt16,
    recorded_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY partition
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

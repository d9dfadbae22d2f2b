-- What became of an account's alerts and mails: every transition of an alert, and every step in the life of a mail.
-- No address and no name is in them: who was written to is in account_contacts. Written by the flusher like the rest.

CREATE TABLE IF NOT EXISTS {database:Identifier}.alert_history
(
    account_id   String CODEC(LZ4),
    alert_id     String CODEC(ZSTD(1)),
    built_in     Bool COMMENT 'one of the two that every account has: ids of a name space of their own',
    kind         LowCardinality(String) COMMENT 'absolute, percent or runway',
    number       Int64 COMMENT 'what the alert says: µcr of absolute, hundredths of percent or of days' CODEC(ZSTD(1)),
    state        LowCardinality(String) COMMENT 'what it became: fired or armed',
    threshold    Int64 COMMENT 'µcr, at that moment' CODEC(ZSTD(1)),
    remaining    Int64 COMMENT 'µcr, monthly plus bonus, at that moment' CODEC(ZSTD(1)),
    granted      Int64 COMMENT 'µcr, of the running cycle' CODEC(ZSTD(1)),
    `by`         LowCardinality(String) COMMENT 'event, command, reset or job',
    ref          String COMMENT 'id of the event or command, or empty' CODEC(ZSTD(1)),
    silent       Bool COMMENT 'recorded, and nothing is sent',
    position     UInt32 COMMENT 'among the commit''s rows of this table: their order' CODEC(ZSTD(1)),
    sequence     UInt64 CODEC(Delta, ZSTD(1)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    block        UInt64 CODEC(Delta, ZSTD(1)),

    INDEX block_minmax block TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(committed_at)
-- One account's transitions in their order, for `alerts`; `explain` looks for its event among them, and they are few.
ORDER BY (account_id, sequence, position)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS {database:Identifier}.mail_history
(
    account_id   String CODEC(LZ4),
    intent_id    String COMMENT '<account id>:mail:<number>' CODEC(ZSTD(1)),
    kind         LowCardinality(String) COMMENT 'low-credits, depleted, restored, …',
    status       LowCardinality(String) COMMENT 'decided, sent, failed, superseded, suppressed or unknown',
    about        String COMMENT 'of alert mails built-in:<id> or own:<id>, of limit mails the server''s id' CODEC(ZSTD(1)),
    `by`         LowCardinality(String) COMMENT 'event, command, reset or job: what the mail is decided by',
    ref          String COMMENT 'id of the event or command, or empty' CODEC(ZSTD(1)),
    snapshot     String COMMENT 'the numbers that it says, as JSON, with decided alone' CODEC(ZSTD(3)),
    words        String COMMENT 'what the mail server answered, or why, without addresses' CODEC(ZSTD(1)),
    attempts     UInt32 CODEC(ZSTD(1)),
    position     UInt32 COMMENT 'among the commit''s rows of this table: their order' CODEC(ZSTD(1)),
    sequence     UInt64 CODEC(Delta, ZSTD(1)),
    committed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    block        UInt64 CODEC(Delta, ZSTD(1)),

    INDEX block_minmax block TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(committed_at)
-- As above: the last row of an intent says what became of it.
ORDER BY (account_id, sequence, position)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

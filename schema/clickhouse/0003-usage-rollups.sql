-- Usage summed up as it lands: by quarter of an hour in UTC (buckets of any time zone are made from it at query time,
-- every zone's offset being a multiple of 15 minutes) and by the account's own days and cycles.
-- AggregatingMergeTree and not SummingMergeTree: that one drops a row whose sums come to zero (an event and its void)
-- and the block mark with it. Sums are Int64, so voids subtract. `block` keeps the newest block in the row: the repair
-- asks `block >= N`, month by month, so both tables have months as partitions.
-- Rows of one key may lie in several parts: always read with sum() and GROUP BY, never row by row.

CREATE TABLE IF NOT EXISTS {database:Identifier}.usage_quarter_hours
(
    account_id         String CODEC(LZ4),
    server_id          String CODEC(ZSTD(1)),
    model              LowCardinality(String) CODEC(ZSTD(1)),
    key_source         Enum8('platform' = 0, 'byok' = 1) CODEC(ZSTD(1)),
    cycle              Int32 COMMENT 'a boundary may fall inside a quarter of an hour: two rows then' CODEC(ZSTD(1)),
    quarter_hour       DateTime('UTC') CODEC(Delta, ZSTD(1)),
    events             SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    input_tokens       SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    output_tokens      SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    cache_read_tokens  SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    cache_write_tokens SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    cost               SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    monthly            SimpleAggregateFunction(sum, Int64) COMMENT 'from_previous + from_monthly' CODEC(T64, ZSTD(1)),
    bonus              SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    uncovered          SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    block              SimpleAggregateFunction(max, UInt64) CODEC(Delta, ZSTD(1)),

    -- `block >= N` must not read the month: only granules with the newest rows reach N.
    INDEX block_minmax block TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(quarter_hour)
-- Nearly every question names an account and a range; servers of an account are few, so time comes before them.
ORDER BY (account_id, quarter_hour, server_id, model, key_source, cycle)
-- See usage_events for the numbers.
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.usage_quarter_hours_view
TO {database:Identifier}.usage_quarter_hours
AS SELECT
    account_id,
    server_id,
    model,
    key_source,
    cycle,
    toStartOfInterval(toDateTime(occurred_at, 'UTC'), INTERVAL 15 MINUTE, 'UTC') AS quarter_hour,
    sum(events) AS events,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cache_read_tokens) AS cache_read_tokens,
    sum(cache_write_tokens) AS cache_write_tokens,
    sum(cost) AS cost,
    sum(from_previous + from_monthly) AS monthly,
    sum(from_bonus) AS bonus,
    sum(uncovered) AS uncovered,
    max(block) AS block
FROM {database:Identifier}.usage_landing
GROUP BY account_id, server_id, model, key_source, cycle, quarter_hour;

CREATE TABLE IF NOT EXISTS {database:Identifier}.usage_days
(
    account_id         String CODEC(LZ4),
    cycle              Int32 CODEC(ZSTD(1)),
    local_day          Date32 COMMENT 'calendar day in the account''s time zone' CODEC(Delta, ZSTD(1)),
    server_id          String CODEC(ZSTD(1)),
    model              LowCardinality(String) CODEC(ZSTD(1)),
    key_source         Enum8('platform' = 0, 'byok' = 1) CODEC(ZSTD(1)),
    events             SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    input_tokens       SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    output_tokens      SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    cache_read_tokens  SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    cache_write_tokens SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    cost               SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    monthly            SimpleAggregateFunction(sum, Int64) COMMENT 'from_previous + from_monthly' CODEC(T64, ZSTD(1)),
    bonus              SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    uncovered          SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    block              SimpleAggregateFunction(max, UInt64) CODEC(Delta, ZSTD(1)),

    INDEX block_minmax block TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree
-- The month of the local day, which may differ from the one of occurred_at: the repair of this table groups by it.
PARTITION BY toYYYYMM(local_day)
-- A statement is one account's one cycle: a single stretch.
ORDER BY (account_id, cycle, local_day, server_id, model, key_source)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.usage_days_view
TO {database:Identifier}.usage_days
AS SELECT
    account_id,
    cycle,
    local_day,
    server_id,
    model,
    key_source,
    sum(events) AS events,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cache_read_tokens) AS cache_read_tokens,
    sum(cache_write_tokens) AS cache_write_tokens,
    sum(cost) AS cost,
    sum(from_previous + from_monthly) AS monthly,
    sum(from_bonus) AS bonus,
    sum(uncovered) AS uncovered,
    max(block) AS block
FROM {database:Identifier}.usage_landing
GROUP BY account_id, cycle, local_day, server_id, model, key_source;

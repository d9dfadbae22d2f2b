-- The price versions that events were priced by. A version's content never changes under its name: the service compares
-- the book with this table at start. The content is kept so that the difference can be named, and old rows explained.

CREATE TABLE IF NOT EXISTS {database:Identifier}.price_versions
(
    name        String,
    checksum    String COMMENT 'sha256 of the content, hex',
    content     String COMMENT 'canonical JSON' CODEC(ZSTD(3)),
    recorded_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY name
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

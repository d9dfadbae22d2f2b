-- What has been applied to this database. The runner (schema/migrate.ts) runs this file first, every time: it reads the
-- table to decide about the others. Released files are never edited: a change is a new numbered file.
-- Rules for every file here: one statement ends with `;` at the end of a line; statements can run twice (IF NOT EXISTS),
-- because two processes may start at once and a crash may come between two of them; {database:Identifier} is filled in
-- by the runner (and by clickhouse-client --param_database=…).
-- Engines are the plain MergeTree family, one clause a table, so that a cluster can swap them: ReplicatedMergeTree with
-- replicated_deduplication_window instead of non_replicated_deduplication_window, ON CLUSTER, Distributed in front.

CREATE TABLE IF NOT EXISTS {database:Identifier}.schema_migrations
(
    name       String,
    checksum   String COMMENT 'sha256 of the file, hex',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY name
-- A second runner's record of the same file is dropped by its token (name and checksum).
SETTINGS non_replicated_deduplication_window = 1000;

-- What is billed and is no response to a viewer: edge/log/billed-event.ts. It comes in the same segments as records.
--
--   kind       `invalidation`, whose quantity is paths and tags, or `render`, of one picture
--   id         of the invalidation or the render. Every edge tells of each invalidation, and again after a restart:
--              who reads takes each id once (usage/usage-of-month.sql), and merges leave one row of it
--   time       when it was asked for, the same in all rows of an id
--
-- Kept for ever, as selvedge.usage_hour.
-- Sharded by cityHash64(id).
CREATE TABLE IF NOT EXISTS selvedge.billed_events{{local}}{{on_cluster}}
(
    time         DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    kind         LowCardinality(String),
    id           String CODEC(ZSTD(1)),
    node         LowCardinality(String),
    distribution LowCardinality(String),
    quantity     UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = {{replicated}}ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (kind, id)
SETTINGS
    {{remembered_inserts}} = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1

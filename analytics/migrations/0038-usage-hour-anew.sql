-- Where a day of selvedge.usage_hour is made anew, to take its place at once: nobody reads a statement with half a
-- day missing. The same columns and partitions, which REPLACE PARTITION needs.
-- Sharded by cityHash64(distribution).
CREATE TABLE IF NOT EXISTS selvedge.usage_hour_anew{{local}}{{on_cluster}}
(
    distribution    LowCardinality(String),
    hour            DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    country         LowCardinality(String),
    is_tls          Bool,
    is_read         Bool,
    requests        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_out       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_in        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    shield_requests SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = {{replicated}}AggregatingMergeTree
PARTITION BY toDate(hour)
ORDER BY (distribution, hour, country, is_tls, is_read)
SETTINGS
    {{remembered_inserts}} = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1

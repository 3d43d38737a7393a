-- What each hour (UTC) brought to a distribution, by what CloudFront's reports tell apart: filled by
-- distribution_hour_view from every insert into the log; a segment that comes again adds nothing, as in
-- selvedge.site_hour. Days that are over are compared with the log: daily/hours.ts.
--
--   method          of those with a meaning of their own; `other` for the rest, which viewers make up
--   incomplete      GETs of which the viewer got less than was announced, or that broke off on the way
--   origin_time     of those the shield was asked for, µs to its response's head
--
-- Kept as long as the log.
-- Sharded by cityHash64(distribution).
CREATE TABLE IF NOT EXISTS selvedge.distribution_hour{{local}}{{on_cluster}}
(
    distribution     LowCardinality(String),
    hour             DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    result_type      LowCardinality(String),
    status           UInt16 CODEC(T64, ZSTD(1)),
    method           LowCardinality(String),
    scheme           LowCardinality(String),
    protocol_version LowCardinality(String),
    tls_protocol     LowCardinality(String),
    country          LowCardinality(String),
    requests         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_sent       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_received   SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    incomplete       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    origin_time      AggregateFunction(quantilesTDigest(0.5, 0.9, 0.99), UInt64) CODEC(ZSTD(1))
)
ENGINE = {{replicated}}AggregatingMergeTree
PARTITION BY toDate(hour)
ORDER BY (distribution, hour, result_type, status, method, scheme, protocol_version, tls_protocol, country)
SETTINGS
    {{remembered_inserts}} = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1

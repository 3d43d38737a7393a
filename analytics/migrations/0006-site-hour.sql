-- What each hour (UTC) brought to a site from a country: filled by site_hour_view from every insert into
-- the log, and like the log it notices a segment that comes again. Days that are over are compared with
-- the log, and made anew where they differ: daily/hours.ts.
--
--   requests     every response, bots, errors and parts of pages too
--   page_views   by people, repeats too; visitors: who they were
--   bytes        sent, heads included
--
-- Kept as long as the log. Sites come first: a page about one site reads its days in one go.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_hour{{local}}{{on_cluster}}
(
    site       String CODEC(ZSTD(1)),
    hour       DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    country    LowCardinality(String),
    requests   SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    page_views SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes      SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    visitors   AggregateFunction(uniq, UInt64) CODEC(ZSTD(1)),
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    last_seen  SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1))
)
ENGINE = {{replicated}}AggregatingMergeTree
PARTITION BY toDate(hour)
ORDER BY (site, hour, country)
SETTINGS
    {{remembered_inserts}} = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1

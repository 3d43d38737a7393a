-- Rankings of the windows that end with the newest day, as of an instant: the rows of ranking/ranked-sites.sql,
-- which says what each column means, made of selvedge.figures_so_far and kept as that is.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.ranks_so_far{{local}}{{on_cluster}}
(
    computation UUID CODEC(ZSTD(1)),
    window_days UInt8 CODEC(ZSTD(1)),
    scope       LowCardinality(String),
    days        UInt8 CODEC(ZSTD(1)),
    rank        UInt32 CODEC(DoubleDelta, ZSTD(1)),
    score       UInt64 CODEC(T64, ZSTD(1)),
    site        String CODEC(ZSTD(1)),
    reach       UInt64 CODEC(T64, ZSTD(1)),
    views       UInt64 CODEC(T64, ZSTD(1)),
    bucket      UInt32 CODEC(T64, ZSTD(1)),
    made        DateTime('UTC') DEFAULT now('UTC') CODEC(Delta, ZSTD(1)),
    INDEX sites site TYPE bloom_filter GRANULARITY 1
)
ENGINE = {{replicated}}MergeTree
PARTITION BY computation
ORDER BY (scope, window_days, rank)
TTL made + toIntervalHour(1)
SETTINGS ttl_only_drop_parts = 1, merge_with_ttl_timeout = 3600

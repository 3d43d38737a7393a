-- Rankings of the windows of 1, 7, 28 and 91 days that end with `day`: the rows of
-- ranking/ranked-sites.sql, which says what each column means. Kept for ever.
--
-- They count when selvedge.published_ranks names their computation, as in selvedge.site_day.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.ranks{{local}}{{on_cluster}}
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    window_days UInt8 CODEC(ZSTD(1)),
    scope       LowCardinality(String),
    days        UInt8 CODEC(ZSTD(1)),
    rank        UInt32 CODEC(DoubleDelta, ZSTD(1)),
    score       UInt64 CODEC(T64, ZSTD(1)),
    site        String CODEC(ZSTD(1)),
    reach       UInt64 CODEC(T64, ZSTD(1)),
    views       UInt64 CODEC(T64, ZSTD(1)),
    bucket      UInt32 CODEC(T64, ZSTD(1)),
    INDEX sites site TYPE bloom_filter GRANULARITY 1
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (scope, window_days, day, rank)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1

-- Ranks among all sites (scope ''), and by country, once more, by site: what is told of one lies in few places, as in
-- 0063. Filled by site_rank_view from every insert into selvedge.ranks, and kept and forgotten with it.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_rank{{local}}{{on_cluster}}
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    window_days UInt8 CODEC(ZSTD(1)),
    scope       LowCardinality(String),
    site        String CODEC(ZSTD(1)),
    days        UInt8 CODEC(ZSTD(1)),
    rank        UInt32 CODEC(ZSTD(1)),
    reach       UInt64 CODEC(T64, ZSTD(1)),
    views       UInt64 CODEC(T64, ZSTD(1)),
    bucket      UInt32 CODEC(T64, ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (site, window_days, scope, day)
SETTINGS
    {{remembered_inserts}} = 100,
    index_granularity = 512,
    min_bytes_for_wide_part = 10000000000,
    fsync_after_insert = 1,
    fsync_part_directory = 1

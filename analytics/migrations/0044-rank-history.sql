-- Ranks among all sites once more, by site: what a page tells of one site's quarter is next to each other, which in
-- selvedge.ranks is spread over as many places as there are days. Filled by rank_history_view from every insert
-- there, and kept and forgotten with it.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.rank_history{{local}}{{on_cluster}}
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    window_days UInt8 CODEC(ZSTD(1)),
    site        String CODEC(ZSTD(1)),
    days        UInt8 CODEC(ZSTD(1)),
    rank        UInt32 CODEC(ZSTD(1)),
    reach       UInt64 CODEC(T64, ZSTD(1)),
    views       UInt64 CODEC(T64, ZSTD(1)),
    bucket      UInt32 CODEC(T64, ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (site, window_days, day)
SETTINGS
    {{remembered_inserts}} = 100,
    fsync_after_insert = 1,
    fsync_part_directory = 1

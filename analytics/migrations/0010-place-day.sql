-- How many people there were at all, in each place on each day that is over: ranking/daily-totals.sql.
-- Computations as in selvedge.site_day.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.place_day{{local}}{{on_cluster}}
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    place       LowCardinality(String),
    visitors    UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (place, day)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1

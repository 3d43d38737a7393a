-- What ranks are made of, of days that are over: the rows of ranking/daily-figures.sql, which says what
-- each column means. Kept for ever: a rank of long ago can be worked out again when the log is gone.
--
-- Rows belong to a computation, which is one run over one day. They count when selvedge.published_days
-- names it: nobody sees half of one, and late records make a new one instead of changing the old.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_day{{local}}{{on_cluster}}
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    place       LowCardinality(String),
    site        String CODEC(ZSTD(1)),
    category    LowCardinality(String),
    reach       UInt64 CODEC(T64, ZSTD(1)),
    views       UInt64 CODEC(T64, ZSTD(1)),
    score       UInt64 CODEC(T64, ZSTD(1)),
    networks    Array(UInt64) CODEC(ZSTD(1)),
    uncapped    UInt64 CODEC(T64, ZSTD(1)),
    visitors    UInt64 CODEC(T64, ZSTD(1)),
    page_views  UInt64 CODEC(T64, ZSTD(1)),
    visits      UInt64 CODEC(T64, ZSTD(1)),
    bounces     UInt64 CODEC(T64, ZSTD(1)),
    seconds     UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (place, day, site)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1

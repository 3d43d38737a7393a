-- Figures of days that have none published yet, today above all, as of an instant: the rows of
-- ranking/daily-figures.sql, which says what each column means. Worked out again and again while somebody asks
-- (so-far/so-far.ts), each time as a computation of its own, in a partition of its own that is soon dropped.
--
-- Nothing is lost with it, so that it needn't be on disk for certain. What a program that was killed left goes by
-- itself.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.figures_so_far{{local}}{{on_cluster}}
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
    page_views  UInt64 CODEC(T64, ZSTD(1)),
    visits      UInt64 CODEC(T64, ZSTD(1)),
    bounces     UInt64 CODEC(T64, ZSTD(1)),
    seconds     UInt64 CODEC(T64, ZSTD(1)),
    made        DateTime('UTC') DEFAULT now('UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
PARTITION BY computation
ORDER BY (place, site, day)
TTL made + toIntervalHour(1)
SETTINGS ttl_only_drop_parts = 1, merge_with_ttl_timeout = 3600

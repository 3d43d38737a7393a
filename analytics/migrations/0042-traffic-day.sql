-- What each day that is over brought to a site: in all, and by the host names that it was asked for under. The rows
-- of daily/close-traffic.sql, which says what each column means. Computations as in selvedge.site_day, and kept as
-- long; by month and site, so that what a page tells of a site's quarter is in a few parts next to each other.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.traffic_day{{local}}{{on_cluster}}
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    site        String CODEC(ZSTD(1)),
    is_total    Bool,
    host        String CODEC(ZSTD(1)),
    requests    UInt64 CODEC(T64, ZSTD(1)),
    page_views  UInt64 CODEC(T64, ZSTD(1)),
    visitors    UInt64 CODEC(T64, ZSTD(1)),
    bytes       UInt64 CODEC(T64, ZSTD(1)),
    first_seen  DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    last_seen   DateTime64(3, 'UTC') CODEC(ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (site, is_total, day, host)
SETTINGS
    {{remembered_inserts}} = 100,
    fsync_after_insert = 1,
    fsync_part_directory = 1

-- selvedge.traffic_day once more, so that what is told of one site lies in few places: its granules are small, a part's
-- columns are in one file, and a quarter's days are put together in one part (daily/merge-by-site.ts). Filled by
-- site_traffic_view from every insert there, and kept and forgotten with it.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_traffic{{local}}{{on_cluster}}
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
PARTITION BY toStartOfQuarter(day)
ORDER BY (site, is_total, day, host)
SETTINGS
    {{remembered_inserts}} = 100,
    index_granularity = 512,
    min_bytes_for_wide_part = 10000000000,
    fsync_after_insert = 1,
    fsync_part_directory = 1

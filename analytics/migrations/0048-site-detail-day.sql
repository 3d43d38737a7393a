-- What page views by people told of a site on each day that is over: the rows of ranking/daily-details.sql, which says
-- what each column means; daily/close-details.sql puts those of a site's day into an array. Computations as in
-- selvedge.site_day. Kept as long as the log: paths and referrers are in it.
--
-- What is asked of one site reads a few rows of each of many parts: granules are small, and a part's columns in one file.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_detail_day{{local}}{{on_cluster}}
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    site        String CODEC(ZSTD(1)),
    details     Array(Tuple(
        kind Enum8(
            'page' = 1, 'referrer' = 2, 'device' = 3, 'browser' = 4, 'os' = 5, 'country' = 6, 'first_byte' = 7,
            'complete' = 8, 'origin' = 9
        ),
        host       String,
        name       String,
        page_views UInt64,
        visitors   UInt64
    )) CODEC(ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (site, day)
SETTINGS
    {{remembered_inserts}} = 100,
    index_granularity = 512,
    min_bytes_for_wide_part = 10000000000,
    fsync_after_insert = 1,
    fsync_part_directory = 1

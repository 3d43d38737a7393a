-- Page views of all sites together, as ranks count them, of each place on each day that is over: what a site's share is
-- of, without adding up selvedge.site_day each time. Filled by place_views_view from every insert there, and kept and
-- forgotten with it.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.place_views{{local}}{{on_cluster}}
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    place       LowCardinality(String),
    views       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = {{replicated}}AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (place, day, computation)
SETTINGS
    {{remembered_inserts}} = 100,
    fsync_after_insert = 1,
    fsync_part_directory = 1

-- Under which host names people opened pages of a site, and when first and last: says whose page a Referer names
-- without reading the log. Filled by site_host_view from every insert into the log; only minima and maxima, so
-- that it does no harm when a segment's rows come twice.
--
-- Kept as long as the log, from the last time on. Hosts come first: they are what is looked up.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_host{{local}}{{on_cluster}}
(
    host       String CODEC(ZSTD(1)),
    site       String CODEC(ZSTD(1)),
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    last_seen  SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1))
)
ENGINE = {{replicated}}AggregatingMergeTree
ORDER BY (host, site)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1

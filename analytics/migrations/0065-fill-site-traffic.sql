-- The days that there were before the view was made, but for computations that it has seen. See 0062.
INSERT INTO selvedge.site_traffic
SETTINGS
    insert_deduplication_token = 'fill-site-traffic',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_sort = 500000000
SELECT
    computation,
    day,
    site,
    is_total,
    host,
    requests,
    page_views,
    visitors,
    bytes,
    first_seen,
    last_seen
FROM selvedge.traffic_day
WHERE computation GLOBAL NOT IN (SELECT DISTINCT computation FROM selvedge.site_traffic)
ORDER BY toStartOfQuarter(day), site, is_total, day, host, computation

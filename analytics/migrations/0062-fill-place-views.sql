-- The figures that there were before the view was made: not those of computations that it has seen, which would count
-- twice. The order, one thread and the token let it be run again, as in 0008.
INSERT INTO selvedge.place_views
SETTINGS
    insert_deduplication_token = 'fill-place-views',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000
SELECT
    computation,
    day,
    place,
    sum(of_site.views) AS views
FROM selvedge.site_day AS of_site
WHERE computation GLOBAL NOT IN (SELECT DISTINCT computation FROM selvedge.place_views)
GROUP BY computation, day, place
ORDER BY toYYYYMM(day), place, day, computation

-- The ranks that there were before the view was made, of the last year: nobody asks for a site's older ones. What is in
-- it twice for all that, is told once.
INSERT INTO selvedge.site_rank
SETTINGS
    insert_deduplication_token = 'fill-site-rank',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_sort = 500000000
SELECT
    computation,
    day,
    window_days,
    scope,
    site,
    days,
    rank,
    reach,
    views,
    bucket
FROM selvedge.ranks
WHERE NOT startsWith(scope, 'category:')
  AND day > (SELECT max(day) FROM selvedge.published_ranks) - 370
ORDER BY toYYYYMM(day), site, window_days, scope, day, computation

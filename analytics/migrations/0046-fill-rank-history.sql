-- The ranks that there were before the view was made. What is in it twice for all that, is told once.
INSERT INTO selvedge.rank_history
SETTINGS
    insert_deduplication_token = 'fill-rank-history',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_sort = 500000000
SELECT
    computation,
    day,
    window_days,
    site,
    days,
    rank,
    reach,
    views,
    bucket
FROM selvedge.ranks
WHERE scope = ''
ORDER BY toYYYYMM(day), site, window_days, day, computation

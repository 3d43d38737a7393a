-- What the log had before the view was made. The order, one thread and the token let it be run again, also
-- after a kill half way, and by two programs at once: each block goes in once. What other programs insert
-- between the view and this would count twice until daily/hours.ts compares their day.
INSERT INTO selvedge.site_hour
SETTINGS
    insert_deduplication_token = 'fill-site-hour',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000
SELECT
    site,
    toStartOfHour(time) AS hour,
    country,
    count() AS requests,
    countIf(is_page_view AND NOT is_bot) AS page_views,
    sum(bytes_sent) AS bytes,
    uniqStateIf(visitor, is_page_view AND NOT is_bot) AS visitors,
    min(time) AS first_seen,
    max(time) AS last_seen
FROM selvedge.access_log
GROUP BY site, hour, country
ORDER BY toDate(hour), site, hour, country

-- One day's hours, as migrations/0007-site-hour-view.sql makes them. Dropping a day has made ClickHouse
-- forget its tokens; of two programs that do this at once only one gets its rows in.
INSERT INTO selvedge.site_hour
SETTINGS
    insert_deduplication_token = {token:String},
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_execution_time = 600,
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
WHERE toDate(time) = {day:Date}
GROUP BY site, hour, country
ORDER BY site, hour, country

-- One day's usage, as migrations/0027-usage-hour-view.sql makes it; see fill-hours.sql.
INSERT INTO selvedge.usage_hour_anew
SETTINGS
    insert_deduplication_token = {token:String},
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_execution_time = 600,
    max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000
SELECT
    distribution,
    toStartOfHour(time) AS hour,
    country,
    scheme IN ('https', 'wss') AS is_tls,
    method IN ('GET', 'HEAD') AS is_read,
    count() AS requests,
    sum(bytes_sent) AS bytes_out,
    sum(bytes_received) AS bytes_in,
    countIf(origin_time_us > 0 AND position(cache_status, '; collapsed') = 0) AS shield_requests
FROM selvedge.access_log
WHERE toDate(time) = {day:Date} AND node != 'import'
GROUP BY distribution, hour, country, is_tls, is_read
ORDER BY distribution, hour, country, is_tls, is_read

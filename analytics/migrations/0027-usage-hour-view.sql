-- Adds to selvedge.usage_hour what is inserted into the log. The same columns as in 0028 and in
-- daily/fill-usage-hours.sql, which a test compares with this.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.usage_hour_view{{on_cluster}}
TO selvedge.usage_hour{{local}}
AS SELECT
    distribution,
    toStartOfHour(time) AS hour,
    country,
    scheme IN ('https', 'wss') AS is_tls,
    method IN ('GET', 'HEAD') AS is_read,
    count() AS requests,
    sum(bytes_sent) AS bytes_out,
    sum(bytes_received) AS bytes_in,
    countIf(origin_time_us > 0 AND position(cache_status, '; collapsed') = 0) AS shield_requests
FROM selvedge.access_log{{local}}
WHERE node != 'import'
GROUP BY distribution, hour, country, is_tls, is_read

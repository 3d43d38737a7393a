-- Adds to selvedge.site_hour what is inserted into the log. The same columns as in 0008 and in
-- daily/fill-hours.sql, which a test compares with this.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.site_hour_view{{on_cluster}}
TO selvedge.site_hour{{local}}
AS SELECT
    site,
    toStartOfHour(time) AS hour,
    country,
    count() AS requests,
    countIf(is_page_view AND NOT is_bot) AS page_views,
    sum(bytes_sent) AS bytes,
    uniqStateIf(visitor, is_page_view AND NOT is_bot) AS visitors,
    min(time) AS first_seen,
    max(time) AS last_seen
FROM selvedge.access_log{{local}}
GROUP BY site, hour, country

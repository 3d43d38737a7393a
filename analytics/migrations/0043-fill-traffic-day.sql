-- Of the days whose figures were published before there was this table, as far as the log has them; they belong to the
-- computations that hold. The order, one thread and the token let it be run again, as in 0008.
INSERT INTO selvedge.traffic_day
(
    computation, day, site, is_total, host, requests, page_views, visitors, bytes, first_seen, last_seen
)
SETTINGS
    insert_deduplication_token = 'fill-traffic-day',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000
SELECT
    computation, of_sites.day, site, is_total, host, requests, page_views, visitors, bytes, first_seen, last_seen
FROM (
    SELECT
        toDate(time) AS day,
        site,
        grouping(host) = 1 AS is_total,
        host,
        count() AS requests,
        countIf(is_page_view AND NOT is_bot) AS page_views,
        uniqExactIf(visitor, is_page_view AND NOT is_bot) AS visitors,
        sum(bytes_sent) AS bytes,
        min(time) AS first_seen,
        max(time) AS last_seen
    FROM selvedge.access_log
    WHERE site != ''
    GROUP BY GROUPING SETS ((day, site), (day, site, host))
) AS of_sites
INNER JOIN (
    SELECT day, argMax(computation, (at, computation)) AS computation
    FROM selvedge.published_days
    GROUP BY day
) AS published ON published.day = of_sites.day
ORDER BY day, site, is_total, host

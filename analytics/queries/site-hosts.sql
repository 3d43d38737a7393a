-- Host names that a site was asked for under, in all days that there are figures of and in those of `fresh`, the one
-- with most page views by people first. No row when it never was: any record counts, also a bot's and an error's.
--
--   firstSeen, lastSeen   when the site had its first and its last record, the same in every row
SELECT
    host,
    sum(of_day.page_views) AS pageViews,
    sum(of_day.requests) AS requests,
    formatDateTime(min(min(of_day.first_seen)) OVER (), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS firstSeen,
    formatDateTime(max(max(of_day.last_seen)) OVER (), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS lastSeen
FROM (
    SELECT host, page_views, requests, first_seen, last_seen
    FROM selvedge.traffic_day
    WHERE site = {site:String}
      AND NOT is_total
      AND day BETWEEN {from:Date} AND {to:Date}
      AND day NOT IN {fresh:Array(Date)}
      AND (day, computation) GLOBAL IN ({{../ranking/published-days.sql}})
    UNION ALL
    SELECT
        host,
        countIf(is_page_view AND NOT is_bot) AS page_views,
        count() AS requests,
        min(time) AS first_seen,
        max(time) AS last_seen
    FROM selvedge.access_log
    WHERE site = {site:String}
      AND toDate(time) IN {fresh:Array(Date)}
    GROUP BY host
) AS of_day
GROUP BY host
ORDER BY pageViews DESC, requests DESC, host
LIMIT {limit:UInt32}
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

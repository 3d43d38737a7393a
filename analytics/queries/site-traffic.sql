-- What came to a site: a row for all of it (`total`), and one for each host name that it was asked for under, of the 20
-- with most page views by people ever and of the 20 with most within a window of days (UTC), both ends included. No row
-- when nothing ever came: any record counts, also a bot's and an error's. Days of `fresh` are counted from the log, all
-- others are as they were published.
--
--   pageViews, requests        ever, by people and by anybody
--   windowViews, windowPeople  within the window: page views by people, and the daily distinct people with one summed up
--   firstSeen, lastSeen        of the first and the last record, any
--   days                       of the total, each day from `since` on that there was a record on
SELECT
    is_total::Bool AS total,
    host,
    sum(of_day.page_views) AS pageViews,
    sum(of_day.requests) AS requests,
    sumIf(of_day.page_views, day BETWEEN {from:Date} AND {to:Date}) AS windowViews,
    sumIf(of_day.visitors, day BETWEEN {from:Date} AND {to:Date}) AS windowPeople,
    formatDateTime(min(of_day.first_seen), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS firstSeen,
    formatDateTime(max(of_day.last_seen), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS lastSeen,
    groupArrayIf(
        (day, of_day.visitors, of_day.page_views, of_day.requests, of_day.bytes), is_total AND day >= {since:Date}
    ) AS days
FROM (
    SELECT day, is_total, host, visitors, page_views, requests, bytes, first_seen, last_seen
    FROM selvedge.site_traffic
    WHERE site = {site:String}
      AND day NOT IN {fresh:Array(Date)}
      AND (day, computation) GLOBAL IN (
        SELECT day, argMax(computation, (at, computation)) FROM selvedge.published_days GROUP BY day
      )
    UNION ALL
    SELECT
        toDate(time) AS day,
        grouping(host) = 1 AS is_total,
        host,
        uniqExactIf(visitor, is_page_view AND NOT is_bot) AS visitors,
        countIf(is_page_view AND NOT is_bot) AS page_views,
        count() AS requests,
        sum(bytes_sent) AS bytes,
        min(time) AS first_seen,
        max(time) AS last_seen
    FROM selvedge.access_log
    WHERE site = {site:String} AND toDate(time) IN {fresh:Array(Date)}
    GROUP BY GROUPING SETS ((toDate(time)), (toDate(time), host))
) AS of_day
GROUP BY is_total, host
QUALIFY row_number() OVER (PARTITION BY is_total ORDER BY pageViews DESC, requests DESC, host) <= 20
    OR row_number() OVER (PARTITION BY is_total ORDER BY windowViews DESC, host) <= 20
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

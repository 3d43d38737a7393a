-- Which host names a site's people came to, within a window of days (UTC), both ends included; most page
-- views first. Days of `fresh` are counted from the log, all others are as `computations` have them.
--
--   reachShare           of the site's visitors, those who opened a page of the host, summed by day, 0 to 1;
--                        who came to two hosts is in both
--   pageViewsShare       of all the site's page views by people, repeats too, 0 to 1
--   pageViewsPerVisitor  page views of the host by its visitors
SELECT
    host,
    round(people / all_people, 4) AS reachShare,
    round(views / all_views, 4) AS pageViewsShare,
    round(views / people, 2) AS pageViewsPerVisitor
FROM (
    SELECT
        is_total,
        host,
        sum(daily.people) AS people,
        sum(daily.views) AS views,
        sumIf(people, is_total) OVER () AS all_people,
        sumIf(views, is_total) OVER () AS all_views
    FROM (
        SELECT is_total, host, visitors AS people, page_views AS views
        FROM selvedge.traffic_day
        WHERE site = {site:String}
          AND day BETWEEN {from:Date} AND {to:Date}
          AND computation IN {computations:Array(UUID)}
        UNION ALL
        SELECT grouping(host) = 1 AS is_total, host, uniqExact(visitor) AS people, count() AS views
        FROM selvedge.access_log
        WHERE site = {site:String}
          AND toDate(time) IN {fresh:Array(Date)}
          AND toDate(time) BETWEEN {from:Date} AND {to:Date}
          AND is_page_view
          AND NOT is_bot
        GROUP BY GROUPING SETS ((toDate(time)), (toDate(time), host))
    ) AS daily
    GROUP BY is_total, host
)
WHERE NOT is_total AND views > 0
ORDER BY views DESC, host
LIMIT {limit:UInt32}
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

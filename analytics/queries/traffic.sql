-- What each day (UTC) brought to some sites, both ends of the span included. Days without a record
-- are not in the answer. Days of `fresh` are as the hours have them, all others as `computations` have
-- them.
--
--   visitors    distinct people with a page view that day
--   pageViews   all page views by people, repeats too (ranking counts a repeat once: rankings.sql)
--   requests    every response, bots, errors and parts of pages too
--   bytes       sent in those responses, heads included
SELECT site, day AS date, visitors, page_views AS pageViews, requests, bytes
FROM (
    SELECT site, day, visitors, page_views, requests, bytes
    FROM selvedge.site_traffic
    WHERE site IN {sites:Array(String)}
      AND is_total
      AND day BETWEEN {from:Date} AND {to:Date}
      AND computation IN {computations:Array(UUID)}
    UNION ALL
    SELECT
        site,
        toDate(hour) AS day,
        uniqMerge(of_hour.visitors) AS visitors,
        sum(of_hour.page_views) AS page_views,
        sum(of_hour.requests) AS requests,
        sum(of_hour.bytes) AS bytes
    FROM selvedge.site_hour AS of_hour
    WHERE site IN {sites:Array(String)}
      AND toDate(hour) IN {fresh:Array(Date)}
      AND toDate(hour) BETWEEN {from:Date} AND {to:Date}
    GROUP BY site, day
)
ORDER BY site, date
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 2000000000,
    output_format_json_quote_64bit_integers = 0

-- The hosts from whose pages people came to a site's pages, within a span of days (UTC), both ends included; most page
-- views first. Days of `fresh` are counted from the log, all others are as `computations` have them
-- (ranking/daily-details.sql).
--
--   page     one of those pages, as the browser named it: many name no more than the host
--   visits   page views that followed a link there
SELECT host, any(of_day.page) AS page, sum(of_day.visits) AS visits
FROM (
    SELECT detail.host AS host, detail.name AS page, detail.page_views AS visits
    FROM selvedge.site_detail_day
    ARRAY JOIN details AS detail
    WHERE site = {site:String}
      AND day BETWEEN {from:Date} AND {to:Date}
      AND computation IN {computations:Array(UUID)}
      AND detail.kind = 'referrer'
    UNION ALL
    SELECT lower(domain(referer)) AS host, any(referer) AS page, count() AS visits
    FROM selvedge.access_log
    WHERE site = {site:String}
      AND toDate(time) IN {fresh:Array(Date)}
      AND is_page_view AND NOT is_bot
    GROUP BY host
) AS of_day
WHERE host != ''
GROUP BY host
ORDER BY visits DESC, host
LIMIT {limit:UInt32}
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

-- A site's visits on each day (UTC) of a span, both ends included: runs of page views without a gap of
-- 30 minutes, by all who count (ranking/daily-figures.sql has the definitions). Days of `fresh` are as the
-- computation of so-far/ has them, all others as they were published. Days without a visit are not in the answer.
--
--   bounceRate          share of the visits that were one page view
--   pageViewsPerVisit   repeats too
--   secondsPerVisit     from a visit's first page view to its last, mean; a bounce took 0
SELECT
    day AS date,
    daily.visits AS visits,
    round(bounces / daily.visits, 4) AS bounceRate,
    round(page_views / daily.visits, 2) AS pageViewsPerVisit,
    round(seconds / daily.visits, 1) AS secondsPerVisit
FROM (
    SELECT day, visits, bounces, page_views, seconds
    FROM selvedge.site_day
    WHERE place = ''
      AND site = {site:String}
      AND day BETWEEN {from:Date} AND {to:Date}
      AND day NOT IN {fresh:Array(Date)}
      AND (day, computation) GLOBAL IN ({{../ranking/published-days.sql}})
    UNION ALL
    SELECT day, visits, bounces, page_views, seconds
    FROM selvedge.figures_so_far
    WHERE computation = {computation:UUID}
      AND place = ''
      AND site = {site:String}
      AND day BETWEEN {from:Date} AND {to:Date}
) AS daily
WHERE daily.visits > 0
ORDER BY date
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

-- Where a site's people are, within a window of days (UTC), both ends included. Days of `fresh` are as the hours have
-- them, all others as `computations` have them (ranking/daily-details.sql).
--
--   visitors    sum of the daily distinct visitors: somebody who comes on two days counts twice,
--               because a visitor's id lasts a day
--   pageViews   all page views by people, repeats too
--   share       of the site's page views in the window, 0 to 1
--   country     '' when the address is in no country that the database knows
SELECT
    country,
    sum(people) AS visitors,
    sum(views) AS pageViews,
    round(pageViews / sum(pageViews) OVER (), 4) AS share
FROM (
    SELECT detail.name AS country, detail.visitors AS people, detail.page_views AS views
    FROM selvedge.site_detail_day
    ARRAY JOIN details AS detail
    WHERE site = {site:String}
      AND day BETWEEN {from:Date} AND {to:Date}
      AND computation IN {computations:Array(UUID)}
      AND detail.kind = 'country'
    UNION ALL
    SELECT country, uniqMerge(visitors) AS people, sum(page_views) AS views
    FROM selvedge.site_hour
    WHERE site = {site:String}
      AND toDate(hour) IN {fresh:Array(Date)}
      AND toDate(hour) BETWEEN {from:Date} AND {to:Date}
    GROUP BY country, toDate(hour)
)
GROUP BY country
HAVING pageViews > 0
ORDER BY pageViews DESC, visitors DESC, country
LIMIT {limit:UInt32}
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

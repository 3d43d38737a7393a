-- What each day (UTC) brought to some sites, both ends of the span included. Days without a record
-- are not in the answer.
--
--   visitors    distinct people with a page view that day
--   pageViews   all page views by people, repeats too (ranking counts a repeat once: rankings.sql)
--   requests    every response, bots, errors and parts of pages too
--   bytes       sent in those responses, heads included
SELECT
    site,
    toDate(hour) AS date,
    uniqMerge(site_hour.visitors) AS visitors,
    sum(page_views) AS pageViews,
    sum(site_hour.requests) AS requests,
    sum(site_hour.bytes) AS bytes
FROM selvedge.site_hour AS site_hour
WHERE site IN {sites:Array(String)}
  AND toDate(hour) BETWEEN {from:Date} AND {to:Date}
GROUP BY site, date
ORDER BY site, date
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 2000000000,
    output_format_json_quote_64bit_integers = 0

-- A site's pages that people opened most, within a span of days (UTC), both ends included. A page is a path on a
-- host; its query doesn't count.
--
--   pageViews   by people, repeats too
--   visitors    sum of the daily distinct visitors
--   share       of the site's page views, 0 to 1
SELECT
    host,
    path,
    count() AS pageViews,
    uniq(visitor, toDate(time)) AS visitors,
    round(pageViews / sum(pageViews) OVER (), 4) AS share
FROM selvedge.access_log
WHERE site = {site:String}
  AND toDate(time) BETWEEN {from:Date} AND {to:Date}
  AND is_page_view AND NOT is_bot
GROUP BY host, path
ORDER BY pageViews DESC, visitors DESC, host, path
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    max_bytes_before_external_group_by = 300000000,
    output_format_json_quote_64bit_integers = 0

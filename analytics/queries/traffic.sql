-- What each day (UTC) brought to some sites, both ends of the span included. Days without a record
-- are not in the answer.
--
--   visitors    distinct people with a page view that day
--   pageViews   all page views by people, repeats too (ranking counts a repeat once: rankings.sql)
--   requests    every response, bots, errors and parts of pages too
--   bytes       sent in those responses, heads included
SELECT
    site,
    toDate(time) AS date,
    uniqExactIf(visitor, is_page_view AND NOT is_bot) AS visitors,
    countIf(is_page_view AND NOT is_bot) AS pageViews,
    count() AS requests,
    sum(bytes_sent) AS bytes
FROM selvedge.access_log
WHERE site IN {sites:Array(String)}
  AND toDate(time) BETWEEN {from:Date} AND {to:Date}
GROUP BY site, date
ORDER BY site, date
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 2000000000,
    output_format_json_quote_64bit_integers = 0

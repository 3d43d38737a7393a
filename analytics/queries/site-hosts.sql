-- Host names that a site was asked for under, in all of the log, the one with most page views by
-- people first.
SELECT
    host,
    countIf(is_page_view AND NOT is_bot) AS pageViews,
    count() AS requests
FROM selvedge.access_log
WHERE site = {site:String}
GROUP BY host
ORDER BY pageViews DESC, requests DESC, host
LIMIT {limit:UInt32}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

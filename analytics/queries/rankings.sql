-- Which sites have the most traffic within a window of days that ends with the newest one, as a computation of
-- so-far/ has them: ranking/ranked-sites.sql has all the definitions. `reach` and `pageViews` of the answer are
-- means per day over `days`, `score` over the days that count. Those that share a rank are listed by reach, then by name,
-- which is an order, not a rank.
SELECT
    rank,
    site,
    round(of_window.score / 1000000 / (days - 2 * intDiv(days, 7)), 6) AS score,
    round(of_window.reach / days, 2) AS reach,
    round(views / days, 2) AS pageViews,
    nullIf(of_window.bucket, 0) AS bucket
FROM selvedge.ranks_so_far AS of_window
WHERE computation = {computation:UUID}
  AND scope = {scope:String}
  AND window_days = {windowDays:UInt8}
ORDER BY rank, of_window.reach DESC, site
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

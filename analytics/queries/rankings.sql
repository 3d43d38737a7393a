-- Which sites have the most traffic within a window of days: ranking/ranked-sites.sql, which has all the
-- definitions. `reach` and `pageViews` of the answer are means per day over `days`, `score` over the days
-- that count; `ranked` is how many sites have a rank. Those that share one are listed by reach, then by
-- name, which is an order, not a rank.
--
--   site      answer for this site only, ranked among all; '' for all
--
-- Compiling it costs six times what running it does, and every day it would be another statement.
SELECT *
FROM (
    SELECT
        rank,
        count() OVER () AS ranked,
        site,
        round(of_window.score / 1000000 / (days - 2 * intDiv(days, 7)), 6) AS score,
        round(of_window.reach / days, 2) AS reach,
        round(views / days, 2) AS pageViews,
        nullIf(of_window.bucket, 0) AS bucket
    FROM ({{../ranking/ranked-sites.sql}}) AS of_window
)
WHERE {site:String} = '' OR site = {site:String}
ORDER BY rank, reach DESC, site
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    compile_sort_description = 0,
    max_execution_time = 10,
    max_memory_usage = 2000000000,
    output_format_json_quote_64bit_integers = 0

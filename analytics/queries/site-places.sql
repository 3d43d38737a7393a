-- A site's places in all windows that end with the newest day, as a computation of so-far/ has them: as rankings.sql.
SELECT
    window_days AS windowDays,
    rank,
    round(of_window.score / 1000000 / (days - 2 * intDiv(days, 7)), 6) AS score,
    round(of_window.reach / days, 2) AS reach,
    round(views / days, 2) AS pageViews,
    nullIf(of_window.bucket, 0) AS bucket
FROM selvedge.ranks_so_far AS of_window
WHERE computation = {computation:UUID} AND scope = '' AND site = {site:String}
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

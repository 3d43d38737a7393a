-- A site's places in all windows that end with the newest day, as a computation of so-far/ has them: as rankings.sql,
-- and `ranked` of windows in which it has none, too.
SELECT
    window_days AS windowDays,
    of_scope.ranked AS ranked,
    of_site.rank AS rank,
    round(of_site.score / 1000000 / (of_site.days - 2 * intDiv(of_site.days, 7)), 6) AS score,
    round(of_site.reach / of_site.days, 2) AS reach,
    round(of_site.views / of_site.days, 2) AS pageViews,
    nullIf(of_site.bucket, 0) AS bucket
FROM (
    SELECT window_days, days, rank, score, reach, views, bucket
    FROM selvedge.ranks_so_far
    WHERE computation = {computation:UUID} AND scope = '' AND site = {site:String}
) AS of_site
INNER JOIN (
    SELECT window_days, count() AS ranked
    FROM selvedge.ranks_so_far
    WHERE computation = {computation:UUID} AND scope = ''
    GROUP BY window_days
) AS of_scope USING (window_days)
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

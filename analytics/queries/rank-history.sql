-- A site's places in the windows that ended with each of some days, both ends included, among all (scope ''); and those
-- by country in the last window that has rankings, whenever that was. Days and countries without
-- a rank are not in the answer.
SELECT
    scope,
    day AS date,
    rank,
    nullIf(bucket, 0) AS bucket,
    round(reach / days, 2) AS reach,
    round(views / days, 2) AS pageViews
FROM selvedge.site_rank
WHERE site = {site:String}
  AND window_days = {windowDays:UInt8}
  AND (
    (scope = '' AND day BETWEEN {from:Date} AND {to:Date})
    OR (scope != '' AND day = (SELECT max(day) FROM selvedge.published_ranks))
  )
  AND (day, computation) GLOBAL IN ({{../ranking/published-ranks.sql}})
ORDER BY scope, day
LIMIT 1 BY scope, day
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

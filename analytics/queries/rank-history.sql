-- A site's places in the windows that ended with each of some days, both ends included. Days on which it had
-- no rank are not in the answer.
SELECT
    day AS date,
    rank,
    nullIf(bucket, 0) AS bucket,
    round(reach / days, 2) AS reach,
    round(views / days, 2) AS pageViews
FROM selvedge.rank_history AS ranks
WHERE site = {site:String}
  AND window_days = {windowDays:UInt8}
  AND day BETWEEN {from:Date} AND {to:Date}
  AND (day, computation) GLOBAL IN ({{../ranking/published-ranks.sql}})
ORDER BY day
LIMIT 1 BY day
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

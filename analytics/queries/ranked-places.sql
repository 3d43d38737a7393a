-- How many sites have a rank in a window of `windowDays` days that ended with `day`: by scope, '' for everybody,
-- a country's code, `category:NAME`.
SELECT scope, count() AS sites
FROM selvedge.ranks
WHERE window_days = {windowDays:UInt8} AND day = {day:Date}
  AND (day, computation) GLOBAL IN ({{../ranking/published-ranks.sql}})
GROUP BY scope
ORDER BY scope
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

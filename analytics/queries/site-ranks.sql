-- Sites' places in a window of `windowDays` days that ended with `day`, in one scope ('' for everybody).
SELECT site, rank
FROM selvedge.ranks
WHERE scope = {scope:String} AND window_days = {windowDays:UInt8} AND day = {day:Date}
  AND site IN {sites:Array(String)}
  AND (day, computation) GLOBAL IN ({{../ranking/published-ranks.sql}})
ORDER BY rank, site
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

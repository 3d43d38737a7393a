-- Sites with a text in their name: those that begin with it first, then by rank in the 28 days that ended with
-- `day`, then by name. Beside the sites that have a rank there, those whose pages people opened today.
--
--   rank   NULL for who has none
SELECT
    site,
    nullIf(min(place), 4294967295) AS rank
FROM (
    SELECT site, rank AS place
    FROM selvedge.ranks
    WHERE scope = '' AND window_days = 28 AND day = {day:Date}
      AND (day, computation) GLOBAL IN ({{../ranking/published-ranks.sql}})
      AND position(site, {text:String}) > 0
    UNION ALL
    SELECT DISTINCT site, 4294967295 AS place
    FROM selvedge.site_hour
    WHERE toDate(hour) = {today:Date}
      AND page_views > 0
      AND site != ''
      AND position(site, {text:String}) > 0
)
GROUP BY site
ORDER BY NOT startsWith(site, {text:String}), min(place), site
LIMIT {limit:UInt32}
SETTINGS
    max_execution_time = 5,
    max_memory_usage = 500000000,
    output_format_json_quote_64bit_integers = 0

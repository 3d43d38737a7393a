-- A site's places by country in the last window of `windowDays` days that has rankings, most page views first.
--
--   viewsShare, reachShare   of the site's page views and reach in all countries where it has a rank, 0 to 1
SELECT
    scope AS country,
    rank,
    round(views / sum(views) OVER (), 4) AS viewsShare,
    round(reach / sum(reach) OVER (), 4) AS reachShare
FROM (
    -- What was inserted while the table was first filled may be there twice.
    SELECT DISTINCT scope, rank, views, reach
    FROM selvedge.site_rank
    WHERE site = {site:String}
      AND window_days = {windowDays:UInt8}
      AND day = (SELECT max(day) FROM selvedge.published_ranks)
      AND scope != ''
      AND (day, computation) GLOBAL IN ({{../ranking/published-ranks.sql}})
)
ORDER BY views DESC, country
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

-- A site's place in the window of `windowDays` days that ended with `to`; no row when it has none.
--
--   reachRank, pageViewsRank   places by reach alone, and by page views alone
--   the others                 as in published-rankings.sql
SELECT
    own.rank AS rank,
    own.reach_rank AS reachRank,
    own.views_rank AS pageViewsRank,
    round(1000000 * own.reach / people, 2) AS reachPerMillion,
    round(1000000 * own.views / all_views, 2) AS pageViewsPerMillion,
    round(own.views / own.reach, 2) AS pageViewsPerVisitor
FROM (
    SELECT
        site, rank, reach, views,
        rank() OVER (ORDER BY reach DESC) AS reach_rank,
        rank() OVER (ORDER BY views DESC) AS views_rank
    FROM selvedge.ranks
    WHERE scope = '' AND window_days = {windowDays:UInt8} AND day = {to:Date}
      AND (day, computation) GLOBAL IN ({{../ranking/published-ranks.sql}})
) AS own
CROSS JOIN (
    SELECT sum(visitors) AS people
    FROM selvedge.place_day
    WHERE place = '' AND day BETWEEN {from:Date} AND {to:Date}
      AND (day, computation) GLOBAL IN ({{../ranking/published-days.sql}})
) AS of_people
CROSS JOIN (
    SELECT sum(views) AS all_views
    FROM selvedge.place_views
    WHERE place = '' AND day BETWEEN {from:Date} AND {to:Date}
      AND (day, computation) GLOBAL IN ({{../ranking/published-days.sql}})
) AS of_views
WHERE own.site = {site:String}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

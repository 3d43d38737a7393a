-- A site's place in the window of `windowDays` days that ended with `to`; no row when it has none.
--
--   reachRank, pageViewsRank   places by reach alone, and by page views alone
--   the others                 as in published-rankings.sql
WITH
    (
        SELECT max(reach)
        FROM selvedge.ranks
        WHERE scope = '' AND window_days = {windowDays:UInt8} AND day = {to:Date} AND site = {site:String}
          AND (day, computation) GLOBAL IN ({{../ranking/published-ranks.sql}})
    ) AS own_reach,
    (
        SELECT max(views)
        FROM selvedge.ranks
        WHERE scope = '' AND window_days = {windowDays:UInt8} AND day = {to:Date} AND site = {site:String}
          AND (day, computation) GLOBAL IN ({{../ranking/published-ranks.sql}})
    ) AS own_views
SELECT
    anyIf(rank, site = {site:String}) AS rank,
    1 + countIf(reach > own_reach) AS reachRank,
    1 + countIf(views > own_views) AS pageViewsRank,
    round(1000000 * own_reach / any(people), 2) AS reachPerMillion,
    round(1000000 * own_views / any(all_views), 2) AS pageViewsPerMillion,
    round(own_views / own_reach, 2) AS pageViewsPerVisitor
FROM selvedge.ranks AS ranks
CROSS JOIN (
    SELECT sum(visitors) AS people
    FROM selvedge.place_day
    WHERE place = '' AND day BETWEEN {from:Date} AND {to:Date}
      AND (day, computation) GLOBAL IN ({{../ranking/published-days.sql}})
) AS of_people
CROSS JOIN (
    SELECT sum(views) AS all_views
    FROM selvedge.site_day
    WHERE place = '' AND day BETWEEN {from:Date} AND {to:Date}
      AND (day, computation) GLOBAL IN ({{../ranking/published-days.sql}})
) AS of_views
WHERE scope = '' AND window_days = {windowDays:UInt8} AND day = {to:Date}
  AND (day, computation) GLOBAL IN ({{../ranking/published-ranks.sql}})
HAVING countIf(site = {site:String}) > 0
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

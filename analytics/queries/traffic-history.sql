-- A site's rank of each day of a span, and the figures it is made of: as in published-rankings.sql, for one day.
-- Days on which it had no rank are not in the answer.
SELECT
    ranks.day AS date,
    ranks.rank AS rank,
    round(1000000 * ranks.reach / of_people.people, 2) AS reachPerMillion,
    round(1000000 * ranks.views / of_views.all_views, 2) AS pageViewsPerMillion,
    round(ranks.views / ranks.reach, 2) AS pageViewsPerVisitor
FROM selvedge.ranks AS ranks
INNER JOIN (
    SELECT day, sum(visitors) AS people
    FROM selvedge.place_day
    WHERE place = '' AND day BETWEEN {from:Date} AND {to:Date}
      AND (day, computation) GLOBAL IN ({{../ranking/published-days.sql}})
    GROUP BY day
) AS of_people ON of_people.day = ranks.day
INNER JOIN (
    SELECT day, sum(views) AS all_views
    FROM selvedge.place_views
    WHERE place = '' AND day BETWEEN {from:Date} AND {to:Date}
      AND (day, computation) GLOBAL IN ({{../ranking/published-days.sql}})
    GROUP BY day
) AS of_views ON of_views.day = ranks.day
WHERE ranks.scope = '' AND ranks.window_days = 1 AND ranks.day BETWEEN {from:Date} AND {to:Date}
  AND ranks.site = {site:String}
  AND (ranks.day, ranks.computation) GLOBAL IN ({{../ranking/published-ranks.sql}})
ORDER BY date
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

-- A ranking of a window that ends with a day that is over, as it was worked out when it was, or when late
-- records came: ranked-sites.sql has the definitions.
--
--   reach, pageViews       means per day
--   reachPerMillion        of a million people of the place who opened a page of any site on a day, how many
--                          opened one of this site
--   pageViewsPerMillion    of a million page views of the place (counted as for ranks), how many were this
--                          site's
--   pageViewsPerVisitor    page views by reach
--   change                 places gained since the same window before this one; NULL when it had none
SELECT
    now.rank AS rank,
    nullIf(now.bucket, 0) AS bucket,
    now.site AS site,
    round(now.reach / now.days, 2) AS reach,
    round(now.views / now.days, 2) AS pageViews,
    round(1000000 * now.reach / people, 2) AS reachPerMillion,
    round(1000000 * now.views / all_views, 2) AS pageViewsPerMillion,
    round(now.views / now.reach, 2) AS pageViewsPerVisitor,
    if(earlier.rank = 0, NULL, toInt64(earlier.rank) - toInt64(now.rank)) AS change
FROM (
    SELECT *
    FROM selvedge.ranks
    WHERE scope = {scope:String} AND window_days = {windowDays:UInt8} AND day = {to:Date}
      AND (day, computation) GLOBAL IN ({{published-ranks.sql}})
    ORDER BY rank, reach DESC, site
    LIMIT {limit:UInt32} OFFSET {offset:UInt32}
) AS now
LEFT JOIN (
    SELECT site, rank
    FROM selvedge.ranks
    WHERE scope = {scope:String} AND window_days = {windowDays:UInt8} AND day = {earlier:Date}
      AND (day, computation) GLOBAL IN ({{published-ranks.sql}})
) AS earlier ON now.site = earlier.site
CROSS JOIN (
    SELECT sum(visitors) AS people
    FROM selvedge.place_day
    WHERE place = {place:String} AND day BETWEEN {from:Date} AND {to:Date}
      AND (day, computation) GLOBAL IN ({{published-days.sql}})
) AS of_people
CROSS JOIN (
    SELECT sum(views) AS all_views
    FROM selvedge.place_views
    WHERE place = {place:String} AND day BETWEEN {from:Date} AND {to:Date}
      AND (day, computation) GLOBAL IN ({{published-days.sql}})
) AS of_views
ORDER BY rank, reach DESC, site

-- The rankings of windows of days that end with `to`: a row for each of `windows` (their lengths in days; `from` is the
-- first day of the longest), each scope and each site with a rank. Days of `fresh` are as the computation `soFar` has
-- them, all others as they were published.
--
--   window_days   which of `windows`; one is ranked without looking at the others
--   scope      '' for all sites everywhere; a country (DE): people there; `category:News`: sites of it
--   score      the sum of a site's daily scores (daily-figures.sql) without its best and its worst days:
--              one in seven of `days` at each end, so that a burst is worth nothing; a day without
--              visitors is 0. The ranking's score is this by day kept, the order is the same
--   days       those of the window that the CDN has any record of, the same for every site and scope
--   rank       by score, highest first. Equal scores share a rank and the next one is left out (1, 1, 3)
--   bucket     0 where the rank is exact; else it isn't known better than "among the first 10, 20, 50,
--              100, 200 …". Exact means that no other site has the score, and that the next ones
--              above and below are farther away than its standard error, score / sqrt(reach), as of a
--              count of people who come by chance
--   reach, views   sums over the window, of what counts
--
-- Nobody has a rank whose score is 0, or whose visitors came from fewer than `networksMin` networks, unless
-- one of them is in `uncapped` (as loopback: a demo, or a proxy that hides where people are).
--
--   place      which rows of the figures to read: '' or a country, '*' for all; `of` the same for scopes
WITH (
    SELECT arrayMap(days_back -> arrayCount(one -> one > {to:Date} - days_back, groupUniqArray(day)), {windows:Array(UInt8)})
    FROM (
        SELECT day FROM ({{published-days.sql}}) WHERE day NOT IN {fresh:Array(Date)}
        UNION ALL
        SELECT DISTINCT toDate(time) AS day FROM selvedge.access_log WHERE toDate(time) IN {fresh:Array(Date)}
          AND toDate(time) BETWEEN {from:Date} AND {to:Date}
    )
) AS days_of
SELECT
    window_days,
    scope,
    days_of[indexOf({windows:Array(UInt8)}, window_days)] AS days,
    tie_rank AS rank,
    score,
    one.1 AS site,
    one.2 AS reach,
    one.3 AS views,
    score / sqrt(reach) AS error,
    if(
        length(tied) = 1 AND (above = 0 OR above - score > error) AND score - below > error,
        0,
        arrayFirst(step -> step >= tie_rank, arrayFlatten(arrayMap(
            power -> [power, 2 * power, 5 * power],
            [10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000]
        )))
    ) AS bucket
FROM (
    SELECT
        window_days,
        scope,
        score,
        groupArray((site, reach, views)) AS tied,
        sum(length(tied)) OVER (
            PARTITION BY window_days, scope ORDER BY score DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) - length(tied) + 1 AS tie_rank,
        lagInFrame(score, 1, 0) OVER (
            PARTITION BY window_days, scope ORDER BY score DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
        ) AS above,
        leadInFrame(score, 1, 0) OVER (
            PARTITION BY window_days, scope ORDER BY score DESC ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING
        ) AS below
    FROM (
        SELECT
            window_days,
            arrayJoin(
                if(place = '' AND last_category != '', ['', concat('category:', last_category)], [place])
            ) AS scope,
            site,
            reach,
            views,
            score
        FROM (
            SELECT
                window_days,
                place,
                site,
                days_of[indexOf({windows:Array(UInt8)}, window_days)] AS days_kept,
                argMax(daily.category, day) AS last_category,
                sum(daily.reach) AS reach,
                sum(daily.views) AS views,
                arraySum(arraySlice(
                    arrayReverseSort(groupArray(daily.score)), intDiv(days_kept, 7) + 1, days_kept - 2 * intDiv(days_kept, 7)
                )) AS score,
                arrayUniq(arrayFlatten(groupArray(daily.networks))) AS seen_networks
            FROM (
                SELECT day, place, site, category, reach, views, score, networks, uncapped
                FROM selvedge.site_day
                WHERE day BETWEEN {from:Date} AND {to:Date}
                  AND day NOT IN {fresh:Array(Date)}
                  AND ({place:String} = '*' OR place = {place:String})
                  AND (day, computation) GLOBAL IN ({{published-days.sql}})
                UNION ALL
                SELECT day, place, site, category, reach, views, score, networks, uncapped
                FROM selvedge.figures_so_far
                WHERE computation = {soFar:UUID}
                  AND day BETWEEN {from:Date} AND {to:Date}
                  AND ({place:String} = '*' OR place = {place:String})
            ) AS daily
            ARRAY JOIN arrayFilter(days_back -> day > {to:Date} - days_back, {windows:Array(UInt8)}) AS window_days
            GROUP BY window_days, place, site
            HAVING score > 0 AND (seen_networks >= {networksMin:UInt8} OR sum(daily.uncapped) > 0)
        )
    )
    WHERE {of:String} = '*' OR scope = {of:String}
    GROUP BY window_days, scope, score
)
ARRAY JOIN tied AS one

-- Which sites have the most traffic within a window of days (UTC), both ends included.
--
--   reach        distinct visitors with a page view on a day
--   page views   distinct (visitor, host + path + query) of a day's page views: a reload adds nothing
--   score        of a day: sqrt(reach × page views), Alexa's geometric mean; of the window: the mean
--                over `days`
--   days         those days of the window that the CDN has any record of, so that a CDN one day old
--                divides by 1; the same for every site and country
--   rank         by score, highest first. Equal scores share a rank and the next one is left out
--                (1, 1, 3); they are listed by reach, then by name, which is an order, not a rank.
--                Scores are compared to 6 decimals: the order in which days were added up is no merit.
--
-- Only people's page views count (`is_page_view` and not `is_bot`); a site without one has no rank.
-- `reach` and `pageViews` of the answer are means per day over `days`; `ranked` is how many sites
-- have a rank.
--
--   country   ISO 3166-1 alpha-2: count only page views from there; '' for all
--   site      answer for this site only, ranked among all; '' for all
WITH (
    SELECT uniqExact(toDate(time))
    FROM selvedge.access_log
    WHERE toDate(time) BETWEEN {from:Date} AND {to:Date}
) AS days
SELECT *
FROM (
    SELECT
        rank() OVER (ORDER BY score DESC) AS rank,
        count() OVER () AS ranked,
        site,
        score,
        reach,
        pageViews
    FROM (
        SELECT
            site,
            round(sum(sqrt(visitors * views)) / days, 6) AS score,
            round(sum(visitors) / days, 2) AS reach,
            round(sum(views) / days, 2) AS pageViews
        FROM (
            SELECT
                site,
                uniqExact(visitor) AS visitors,
                uniqExact(visitor, host, path, query) AS views
            FROM selvedge.access_log
            WHERE toDate(time) BETWEEN {from:Date} AND {to:Date}
              AND is_page_view
              AND NOT is_bot
              AND site != ''
              AND ({country:String} = '' OR country = {country:String})
            GROUP BY site, toDate(time)
        )
        GROUP BY site
    )
)
WHERE {site:String} = '' OR site = {site:String}
ORDER BY rank, reach DESC, site
LIMIT {limit:UInt32}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 2000000000,
    output_format_json_quote_64bit_integers = 0

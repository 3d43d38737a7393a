-- Fronted sites with a page from which people came to a site, within a span of days; most visits first. Links
-- that nobody follows are not seen, nor those of sites that this CDN doesn't front, or whose pages nobody opened
-- within the span. Days of `fresh` are counted from the log, all others are as `computations` have them
-- (ranking/daily-details.sql).
--
--   page   one of those pages, as the browser named it: many name no more than the host
WITH visits AS (
    SELECT of_day.host AS host, any(of_day.page) AS page, sum(of_day.visits) AS count
    FROM (
        SELECT detail.host AS host, detail.name AS page, detail.page_views AS visits
        FROM selvedge.site_detail_day
        ARRAY JOIN details AS detail
        WHERE site = {site:String}
          AND day BETWEEN {from:Date} AND {to:Date}
          AND computation IN {computations:Array(UUID)}
          AND detail.kind = 'referrer'
        UNION ALL
        SELECT lower(domain(referer)) AS host, any(referer) AS page, count() AS visits
        FROM selvedge.access_log
        WHERE site = {site:String}
          AND toDate(time) IN {fresh:Array(Date)}
          AND toDate(time) BETWEEN {from:Date} AND {to:Date}
          AND is_page_view AND NOT is_bot
        GROUP BY host
    ) AS of_day
    WHERE host != ''
    GROUP BY host
)
SELECT
    hosts.site AS site,
    any(visits.page) AS page,
    sum(visits.count) AS visits
FROM visits
INNER JOIN (
    SELECT host, argMax(selvedge.site_host.site, last_seen) AS site
    FROM selvedge.site_host
    WHERE host GLOBAL IN (SELECT host FROM visits)
      AND toDate(last_seen) >= {from:Date} AND toDate(first_seen) <= {to:Date}
    GROUP BY host
) AS hosts ON hosts.host = visits.host
WHERE hosts.site != {site:String}
GROUP BY site
ORDER BY visits DESC, site
LIMIT 1000
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

-- Fronted sites with a page from which people came to a site, within a span of days; most visits first. Links
-- that nobody follows are not seen, nor those of sites that this CDN doesn't front, or whose pages nobody opened
-- within the span.
--
--   page   one of those pages, as the browser named it: many name no more than the host
WITH visits AS (
    SELECT lower(domain(referer)) AS host, any(referer) AS page, count() AS count
    FROM selvedge.access_log
    WHERE site = {site:String}
      AND toDate(time) BETWEEN {from:Date} AND {to:Date}
      AND is_page_view AND NOT is_bot
      AND referer != ''
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

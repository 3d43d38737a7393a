-- Fronted sites with a page from which people came to a site, within a span of days; most visits first. Links
-- that nobody follows are not seen, nor those of sites that this CDN doesn't front.
--
--   page   one of those pages, as the browser named it: many name no more than the host
SELECT
    hosts.site AS site,
    any(visits.page) AS page,
    sum(visits.count) AS visits
FROM (
    SELECT lower(domain(referer)) AS host, any(referer) AS page, count() AS count
    FROM selvedge.access_log
    WHERE site = {site:String}
      AND toDate(time) BETWEEN {from:Date} AND {to:Date}
      AND is_page_view AND NOT is_bot
      AND referer != ''
    GROUP BY host
) AS visits
INNER JOIN (
    SELECT host, any(log.site) AS site
    FROM selvedge.access_log AS log
    WHERE toDate(time) BETWEEN {from:Date} AND {to:Date}
      AND log.site NOT IN ('', {site:String})
      AND is_page_view AND NOT is_bot
    GROUP BY host
) AS hosts ON hosts.host = visits.host
GROUP BY site
ORDER BY visits DESC, site
LIMIT 1000
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

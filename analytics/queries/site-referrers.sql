-- The hosts from whose pages people came to a site's pages, within a span of days (UTC), both ends included; most
-- page views first. `host` is '' where the browser named none, or something that isn't a URL.
--
--   of   all the site's page views by people
SELECT
    lower(domain(referer)) AS host,
    count() AS pageViews,
    sum(count()) OVER () AS of
FROM selvedge.access_log
WHERE site = {site:String}
  AND toDate(time) BETWEEN {from:Date} AND {to:Date}
  AND is_page_view AND NOT is_bot
GROUP BY host
ORDER BY host = '' DESC, pageViews DESC, host
LIMIT {limit:UInt32}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    max_bytes_before_external_group_by = 300000000,
    output_format_json_quote_64bit_integers = 0

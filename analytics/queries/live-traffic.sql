-- What the hours since `since` brought, by site and hour: whoever asks twice sees what came between. Rows of the
-- site '' are all sites together.
--
--   sites   of these only; empty for those with most requests, at most 5,000 rows
SELECT site, toUnixTimestamp(hour) AS hour, requests, pageViews, bytes
FROM (
    SELECT
        site,
        hour,
        sum(of_sites.requests) AS requests,
        sum(page_views) AS pageViews,
        sum(of_sites.bytes) AS bytes
    FROM selvedge.site_hour AS of_sites
    WHERE hour >= {since:DateTime('UTC')} AND toDate(hour) >= toDate({since:DateTime('UTC')})
      AND site != ''
      AND (empty({sites:Array(String)}) OR site IN {sites:Array(String)})
    GROUP BY site, hour
    ORDER BY requests DESC, site
    LIMIT 5000
    UNION ALL
    SELECT
        '' AS site,
        hour,
        sum(of_all.requests) AS requests,
        sum(page_views) AS pageViews,
        sum(of_all.bytes) AS bytes
    FROM selvedge.site_hour AS of_all
    WHERE hour >= {since:DateTime('UTC')} AND toDate(hour) >= toDate({since:DateTime('UTC')})
      AND of_all.site != ''
      AND empty({sites:Array(String)})
    GROUP BY hour
)
SETTINGS
    max_execution_time = 5,
    max_memory_usage = 500000000,
    output_format_json_quote_64bit_integers = 0

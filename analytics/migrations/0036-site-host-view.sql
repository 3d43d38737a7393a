-- Adds to selvedge.site_host what is inserted into the log. The same columns as in 0037. Hosts that nobody fronts
-- have no site, and names are compared as a browser writes them.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.site_host_view{{on_cluster}}
TO selvedge.site_host{{local}}
AS SELECT
    lower(log.host) AS host,
    site,
    min(time) AS first_seen,
    max(time) AS last_seen
FROM selvedge.access_log{{local}} AS log
WHERE site != '' AND is_page_view AND NOT is_bot
GROUP BY host, site

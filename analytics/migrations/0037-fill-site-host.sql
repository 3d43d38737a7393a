-- What the log had before the view was made; once more changes nothing.
INSERT INTO selvedge.site_host
SETTINGS
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_bytes_before_external_group_by = 500000000
SELECT
    lower(log.host) AS host,
    site,
    min(time) AS first_seen,
    max(time) AS last_seen
FROM selvedge.access_log AS log
WHERE site != '' AND is_page_view AND NOT is_bot
GROUP BY host, site

-- When the log has a site's first and last record; no row when it has none. Any record counts,
-- also a bot's and an error's.
SELECT
    formatDateTime(min(first_seen), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS firstSeen,
    formatDateTime(max(last_seen), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS lastSeen
FROM selvedge.site_hour
WHERE site = {site:String}
HAVING count() > 0
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000

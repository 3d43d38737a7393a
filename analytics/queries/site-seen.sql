-- When a site had its first and its last record; no row when it has none. Any record counts, also a bot's and an
-- error's. Days of `fresh` are as the hours have them, all others as they were published.
SELECT
    formatDateTime(min(first_seen), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS firstSeen,
    formatDateTime(max(last_seen), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS lastSeen
FROM (
    SELECT first_seen, last_seen
    FROM selvedge.traffic_day
    WHERE site = {site:String}
      AND is_total
      AND day BETWEEN {from:Date} AND {to:Date}
      AND day NOT IN {fresh:Array(Date)}
      AND (day, computation) GLOBAL IN ({{../ranking/published-days.sql}})
    UNION ALL
    SELECT first_seen, last_seen
    FROM selvedge.site_hour
    WHERE site = {site:String}
      AND toDate(hour) IN {fresh:Array(Date)}
)
HAVING count() > 0
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000

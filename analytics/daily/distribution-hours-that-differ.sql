-- Days that are over whose hours of distributions don't add up to the log's rows. A day that the log has begun to forget
-- isn't one of them.
SELECT day
FROM (
    SELECT toDate(time) AS day, count() AS records, 0 AS counted
    FROM selvedge.access_log
    WHERE toDate(time) < {today:Date}
    GROUP BY day
    UNION ALL
    SELECT toDate(hour) AS day, 0 AS records, sum(requests) AS counted
    FROM selvedge.distribution_hour
    WHERE toDate(hour) < {today:Date}
    GROUP BY day
)
GROUP BY day
HAVING sum(records) != sum(counted) AND day > {forgotten:Date}
ORDER BY day
SETTINGS
    max_execution_time = 60,
    max_memory_usage = 1000000000

-- Days that are over whose usage doesn't add up to the log's rows. A day that the log has begun to forget isn't one
-- of them, nor one of which it has fewer records than when the day was closed: `forgotten` goes by today's
-- retention, and where that was shorter once the log has only what came late.
SELECT day
FROM (
    SELECT toDate(time) AS day, count() AS records, countIf(node != 'import') AS billed, 0 AS counted, 0 AS closed
    FROM selvedge.access_log
    WHERE toDate(time) < {today:Date}
    GROUP BY day
    UNION ALL
    SELECT toDate(hour) AS day, 0 AS records, 0 AS billed, sum(requests) AS counted, 0 AS closed
    FROM selvedge.usage_hour
    WHERE toDate(hour) < {today:Date}
    GROUP BY day
    UNION ALL
    SELECT day, 0 AS records, 0 AS billed, 0 AS counted, max(p.records) AS closed
    FROM selvedge.published_days AS p
    GROUP BY day
)
GROUP BY day
HAVING sum(billed) != sum(counted) AND sum(records) >= sum(closed) AND day > {forgotten:Date}
ORDER BY day
SETTINGS
    max_execution_time = 60,
    max_memory_usage = 1000000000

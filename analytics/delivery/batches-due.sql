-- Hours that are over and have records that no batch holds, of one distribution. What came in within the last
-- `settle` seconds isn't looked at: an insert that began then may still be under way.
SELECT
    {distribution:String} AS distribution,
    toUnixTimestamp(of_log.hour) AS hour,
    toUnixTimestamp(of_log.after) AS after,
    toUnixTimestamp(max(of_log.stored)) AS until
FROM (
    SELECT
        toStartOfHour(log.time) AS hour,
        log.stored_at AS stored,
        planned.until AS after
    FROM selvedge.access_log AS log
    GLOBAL LEFT JOIN (
        SELECT hour, max(stored_until) AS until
        FROM selvedge.log_deliveries
        WHERE state = 'planned' AND distribution = {distribution:String}
        GROUP BY hour
    ) AS planned ON planned.hour = toStartOfHour(log.time)
    WHERE log.distribution = {distribution:String}
      AND log.time >= toDateTime({from:UInt32}, 'UTC')
      AND log.time < toDateTime64({before:UInt32}, 3, 'UTC')
      AND log.stored_at <= now('UTC') - {settle:UInt32}
) AS of_log
WHERE stored > after
GROUP BY of_log.hour, of_log.after
ORDER BY hour
SETTINGS
    max_execution_time = 300,
    max_memory_usage = 1000000000

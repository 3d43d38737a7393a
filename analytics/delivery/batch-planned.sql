-- The batch that follows `after`, as it was planned first.
SELECT
    distribution,
    toUnixTimestamp(hour) AS hour,
    toUnixTimestamp(stored_after) AS after,
    toUnixTimestamp(min(stored_until)) AS until
FROM selvedge.log_deliveries
WHERE state = 'planned'
  AND distribution = {distribution:String}
  AND hour = toDateTime({hour:UInt32}, 'UTC')
  AND stored_after = toDateTime({after:UInt32}, 'UTC')
GROUP BY distribution, hour, stored_after
SETTINGS max_execution_time = 60, max_memory_usage = 1000000000

-- How many records of a batch each second has: by it they are shared out to files.
SELECT toUnixTimestamp(toDateTime(time, 'UTC')) AS second, toUInt32(count()) AS records
FROM selvedge.access_log
WHERE distribution = {distribution:String}
  AND time >= toDateTime({hour:UInt32}, 'UTC')
  AND time < toDateTime64({hour:UInt32} + 3600, 3, 'UTC')
  AND stored_at > toDateTime({after:UInt32}, 'UTC')
  AND stored_at <= toDateTime({until:UInt32}, 'UTC')
GROUP BY second
ORDER BY second
SETTINGS
    max_execution_time = 300,
    max_memory_usage = 1000000000

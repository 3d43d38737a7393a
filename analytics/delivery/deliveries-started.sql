-- The hour (Unix seconds) from which on each distribution is delivered.
SELECT distribution, toUnixTimestamp(min(hour)) AS hour
FROM selvedge.log_deliveries
WHERE state = 'started'
GROUP BY distribution
SETTINGS max_execution_time = 60, max_memory_usage = 1000000000

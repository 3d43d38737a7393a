-- Batches that were planned and are not known to be delivered: an interrupted program's, or under way elsewhere.
SELECT
    distribution,
    toUnixTimestamp(hour) AS hour,
    toUnixTimestamp(stored_after) AS after,
    toUnixTimestamp(stored_until) AS until
FROM selvedge.log_deliveries
WHERE state != 'started' AND distribution IN {distributions:Array(String)}
GROUP BY distribution, hour, stored_after, stored_until
HAVING countIf(state = 'delivered') = 0
ORDER BY hour, distribution, after
SETTINGS max_execution_time = 60, max_memory_usage = 1000000000

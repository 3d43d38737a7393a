-- Whether the log's hours have anything of a distribution: one row or none.
SELECT 1 AS seen
FROM selvedge.distribution_hour
WHERE distribution = {distribution:String}
LIMIT 1
SETTINGS max_execution_time = 10, max_memory_usage = 1000000000

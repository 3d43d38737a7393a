-- Blocks of a file whose rejected lines are noted already.
SELECT DISTINCT segment
FROM selvedge.rejected
WHERE startsWith(segment, {prefix:String})
SETTINGS max_execution_time = 60, max_memory_usage = 1000000000

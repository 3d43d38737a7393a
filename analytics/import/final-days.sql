-- Days that have figures, and of which the log has forgotten what these were made of: they can't be worked out
-- again with more records.
SELECT day
FROM (
    SELECT day, argMax(records, (at, computation)) AS records_then
    FROM selvedge.published_days
    GROUP BY day
) AS published
LEFT JOIN (
    SELECT toDate(time) AS day, count() AS records
    FROM selvedge.access_log
    GROUP BY day
) AS log USING day
WHERE day <= {forgotten:Date} AND records < records_then
ORDER BY day
SETTINGS max_execution_time = 60, max_memory_usage = 1000000000

-- Days that are over and whose figures are not published, or of which the log has more records now than
-- it had then. A day that the log has begun to forget isn't one of them.
SELECT day, records
FROM (
    SELECT toDate(time) AS day, count() AS records
    FROM selvedge.access_log
    WHERE toDate(time) < {today:Date} AND toDate(time) > {forgotten:Date}
    GROUP BY day
) AS log
LEFT JOIN (
    SELECT day, argMax(records, (at, computation)) AS records_then
    FROM selvedge.published_days
    GROUP BY day
) AS published USING day
WHERE records > records_then
ORDER BY day
SETTINGS
    max_execution_time = 60,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

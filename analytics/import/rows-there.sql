-- What the log has of a file already: rows by block and day. An imported record's id is file-block-line.
SELECT
    toUInt32(splitByChar('-', request_id)[2]) AS block,
    toDate(time) AS day,
    count() AS rows
FROM selvedge.access_log
WHERE startsWith(request_id, {prefix:String})
GROUP BY block, day
SETTINGS max_execution_time = 600, max_memory_usage = 2000000000, output_format_json_quote_64bit_integers = 0

-- What was sent and answered on each day (UTC) of a span that had anything.
SELECT toDate(hour) AS day, sum(u.requests) AS requests, sum(u.bytes_out) AS bytesOut
FROM selvedge.usage_hour AS u
WHERE toDate(hour) BETWEEN {from:Date} AND {to:Date}
GROUP BY day
ORDER BY day
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

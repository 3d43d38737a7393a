-- The months (UTC) in which anything was answered, the last first.
SELECT formatDateTime(hour, '%Y-%m') AS month, sum(u.requests) AS requests, sum(u.bytes_out) AS bytesOut
FROM selvedge.usage_hour AS u
GROUP BY month
ORDER BY month DESC
LIMIT {limit:UInt16}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

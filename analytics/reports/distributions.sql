-- The distributions that answered anything within a span of days (UTC), most requests first.
SELECT
    distribution AS id,
    sum(h.requests) AS requests,
    sum(h.bytes_sent) AS bytes,
    max(hour) AS lastHour
FROM selvedge.distribution_hour AS h
WHERE toDate(hour) BETWEEN {from:Date} AND {to:Date}
  AND distribution != ''
GROUP BY distribution
ORDER BY requests DESC, id
LIMIT 1000
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    date_time_output_format = 'iso',
    output_format_json_quote_64bit_integers = 0

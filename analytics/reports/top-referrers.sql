-- The hosts whose pages led to most requests of a distribution within a span of days (UTC); '' stands for
-- requests that name none. `ofAll` is the number of all its requests.
SELECT
    lower(domain(referer)) AS host,
    count() AS requests,
    sum(bytes_sent) AS bytes,
    sum(count()) OVER () AS ofAll
FROM selvedge.access_log
WHERE distribution = {distribution:String}
  AND toDate(time) BETWEEN {from:Date} AND {to:Date}
GROUP BY host
ORDER BY host = '' DESC, requests DESC, host
LIMIT {limit:UInt32}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1500000000,
    max_bytes_before_external_group_by = 500000000,
    output_format_json_quote_64bit_integers = 0

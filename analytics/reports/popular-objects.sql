-- A distribution's objects with most requests within a span of days (UTC). The query is cut off, as CloudFront
-- does; what counts as hit, miss and incomplete is said in distribution-traffic.sql.
SELECT
    path AS object,
    count() AS requests,
    countIf(is_cacheable AND result_type != 'Miss') AS hits,
    countIf(is_cacheable AND result_type = 'Miss') AS misses,
    sumIf(log.bytes_sent, result_type = 'Miss') AS missBytes,
    sum(log.bytes_sent) AS bytes,
    countIf(
        method = 'GET'
        AND (status = 0 OR (status < 400 AND (result_type = 'Error' OR log.bytes_sent < content_length)))
    ) AS incomplete,
    countIf(intDiv(status, 100) = 2) AS status2xx,
    countIf(intDiv(status, 100) = 3) AS status3xx,
    countIf(intDiv(status, 100) = 4) AS status4xx,
    countIf(intDiv(status, 100) = 5) AS status5xx
FROM (
    SELECT
        path, method, status, result_type, bytes_sent, content_length,
        method IN ('GET', 'HEAD') AND result_type IN ('Hit', 'RefreshHit', 'Miss') AS is_cacheable
    FROM selvedge.access_log
    WHERE distribution = {distribution:String}
      AND toDate(time) BETWEEN {from:Date} AND {to:Date}
) AS log
GROUP BY path
ORDER BY requests DESC, object
LIMIT {limit:UInt32}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1500000000,
    max_bytes_before_external_group_by = 500000000,
    output_format_json_quote_64bit_integers = 0

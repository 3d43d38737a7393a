-- What the log had before the view was made, as in 0008.
INSERT INTO selvedge.distribution_hour
SETTINGS
    insert_deduplication_token = 'fill-distribution-hour',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000
SELECT
    distribution,
    toStartOfHour(time) AS hour,
    result_type,
    status,
    if(method IN ('GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'), method, 'other') AS method,
    scheme,
    protocol_version,
    tls_protocol,
    country,
    count() AS requests,
    sum(access_log.bytes_sent) AS bytes_sent,
    sum(access_log.bytes_received) AS bytes_received,
    countIf(
        access_log.method = 'GET'
        AND (status = 0 OR (status < 400 AND (result_type = 'Error' OR access_log.bytes_sent < content_length)))
    ) AS incomplete,
    quantilesTDigestStateIf(0.5, 0.9, 0.99)(origin_time_us, origin_time_us > 0) AS origin_time
FROM selvedge.access_log AS access_log
GROUP BY distribution, hour, result_type, status, method, scheme, protocol_version, tls_protocol, country
ORDER BY toDate(hour), distribution, hour, result_type, status, method, scheme, protocol_version, tls_protocol, country

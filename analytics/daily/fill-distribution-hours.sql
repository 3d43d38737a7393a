-- One day's hours of distributions, as migrations/0021-distribution-hour-view.sql makes them; see
-- fill-hours.sql.
INSERT INTO selvedge.distribution_hour
SETTINGS
    insert_deduplication_token = {token:String},
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_execution_time = 600,
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
WHERE toDate(time) = {day:Date}
GROUP BY distribution, hour, result_type, status, method, scheme, protocol_version, tls_protocol, country
ORDER BY distribution, hour, result_type, status, method, scheme, protocol_version, tls_protocol, country

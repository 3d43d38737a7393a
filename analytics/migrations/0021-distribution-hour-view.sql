-- Adds to selvedge.distribution_hour what is inserted into the log. The same columns as in 0022 and in
-- daily/fill-distribution-hours.sql, which a test compares with this.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.distribution_hour_view{{on_cluster}}
TO selvedge.distribution_hour{{local}}
AS SELECT
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
FROM selvedge.access_log{{local}} AS access_log
GROUP BY distribution, hour, result_type, status, method, scheme, protocol_version, tls_protocol, country

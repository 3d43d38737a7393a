-- What was used in each hour (UTC) of a span of days, both ends included, by distribution and billing region; of one
-- distribution, or of all. Invalidations and renders have the region ''. Sums of these are those of a month:
-- usage-of-month.sql and events-of-month.sql say what each word means.
SELECT
    hour AS at,
    distribution,
    region,
    sum(bytes_out) AS bytesOut,
    sum(bytes_in) AS bytesIn,
    sumIf(requests, NOT is_tls AND is_read) AS httpRequests,
    sumIf(requests, is_tls AND is_read) AS httpsRequests,
    sumIf(requests, NOT is_tls AND NOT is_read) AS httpOtherRequests,
    sumIf(requests, is_tls AND NOT is_read) AS httpsOtherRequests,
    sum(shield_requests) AS shieldRequests,
    sum(paths) AS invalidationPaths,
    sum(pictures) AS renders
FROM (
    SELECT
        hour,
        distribution,
        transform(country, {countries:Array(String)}, {regions:Array(String)}, 'unknown') AS region,
        is_tls, is_read, requests, bytes_out, bytes_in, shield_requests,
        toUInt64(0) AS paths,
        toUInt64(0) AS pictures
    FROM selvedge.usage_hour
    WHERE toDate(hour) BETWEEN {from:Date} AND {to:Date}
    UNION ALL
    SELECT
        toStartOfHour(min(b.time)) AS hour,
        min(b.distribution) AS distribution,
        '' AS region,
        false AS is_tls, false AS is_read,
        toUInt64(0) AS requests, toUInt64(0) AS bytes_out, toUInt64(0) AS bytes_in, toUInt64(0) AS shield_requests,
        if(kind = 'invalidation', max(b.quantity), 0) AS paths,
        if(kind = 'render', max(b.quantity), 0) AS pictures
    FROM selvedge.billed_events AS b
    WHERE toDate(b.time) BETWEEN {from:Date} AND {to:Date}
    GROUP BY kind, id
)
WHERE length({distributions:Array(String)}) = 0 OR has({distributions:Array(String)}, distribution)
GROUP BY hour, distribution, region
ORDER BY hour, distribution, region
LIMIT {limit:UInt32}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    date_time_output_format = 'iso',
    output_format_json_quote_64bit_integers = 1

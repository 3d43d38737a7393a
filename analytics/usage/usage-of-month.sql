-- What was used within a span of days (UTC), both ends included, by distribution and billing region. Countries that
-- `countries` doesn't have are of the region `unknown`. 64-bit numbers come as text: a sum may be beyond what a
-- JSON number holds.
SELECT
    distribution,
    transform(country, {countries:Array(String)}, {regions:Array(String)}, 'unknown') AS region,
    sum(u.bytes_out) AS bytesOut,
    sum(u.bytes_in) AS bytesIn,
    sumIf(u.requests, NOT is_tls AND is_read) AS httpRequests,
    sumIf(u.requests, is_tls AND is_read) AS httpsRequests,
    sumIf(u.requests, NOT is_tls AND NOT is_read) AS httpOtherRequests,
    sumIf(u.requests, is_tls AND NOT is_read) AS httpsOtherRequests,
    sum(u.shield_requests) AS shieldRequests
FROM selvedge.usage_hour AS u
WHERE toDate(hour) BETWEEN {from:Date} AND {to:Date}
GROUP BY distribution, region
ORDER BY distribution, region
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 1

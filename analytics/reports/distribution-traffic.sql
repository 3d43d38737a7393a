-- What a distribution answered within a span of days (UTC), both ends included: in all (`at` is null), and in
-- each period of so many seconds that had anything.
--
--   cacheable      GET and HEAD answered from the cache or from the origin: what CloudFront's hit ratio is of;
--                  no errors, no redirects of our own, no other method
--   hits           of these, served from the cache; refreshHits: those among them that the origin confirmed
--   misses         of these, served from the origin
--   bytesOut       sent to viewers, heads included; bytesIn received from them
--   uploaded       bytesIn of POST and PUT
--   downloaded     bytesOut of GET, HEAD and OPTIONS
--   incomplete     GETs of which the viewer didn't get all
--   originP50…     time to the head of the origin's response where it was asked, ms
SELECT
    if(grouping(period) = 1, NULL, period) AS at,
    sum(h.requests) AS requests,
    sumIf(h.requests, is_tls) AS requestsHttps,
    sum(h.bytes_sent) AS bytesOut,
    sumIf(h.bytes_sent, is_tls) AS bytesOutHttps,
    sum(h.bytes_received) AS bytesIn,
    sumIf(h.bytes_sent, method IN ('GET', 'HEAD', 'OPTIONS')) AS downloaded,
    sumIf(h.bytes_received, method IN ('POST', 'PUT')) AS uploaded,
    sumIf(h.requests, is_cacheable) AS cacheable,
    sumIf(h.requests, is_cacheable AND result_type != 'Miss') AS hits,
    sumIf(h.requests, is_cacheable AND result_type = 'RefreshHit') AS refreshHits,
    sumIf(h.requests, is_cacheable AND result_type = 'Miss') AS misses,
    sumIf(h.requests, result_type = 'Error') AS errors,
    sumIf(h.requests, result_type = 'Redirect') AS redirects,
    sumIf(h.bytes_sent, is_cacheable) AS cacheableBytes,
    sumIf(h.bytes_sent, is_cacheable AND result_type != 'Miss') AS hitBytes,
    sumIf(h.bytes_sent, result_type = 'Miss') AS missBytes,
    sumIf(h.requests, intDiv(status, 100) = 2) AS status2xx,
    sumIf(h.requests, intDiv(status, 100) = 3) AS status3xx,
    sumIf(h.requests, intDiv(status, 100) = 4) AS status4xx,
    sumIf(h.requests, intDiv(status, 100) = 5) AS status5xx,
    sumIf(h.requests, status < 200 OR status > 599) AS statusOther,
    sumIf(h.requests, status = 401) AS status401,
    sumIf(h.requests, status = 403) AS status403,
    sumIf(h.requests, status = 404) AS status404,
    sumIf(h.requests, status = 502) AS status502,
    sumIf(h.requests, status = 503) AS status503,
    sumIf(h.requests, status = 504) AS status504,
    sumIf(h.requests, method = 'GET') AS gets,
    sum(h.incomplete) AS incomplete,
    arrayMap(
        us -> if(isNaN(us), NULL, round(us / 1000, 3)),
        quantilesTDigestMerge(0.5, 0.9, 0.99)(h.origin_time)
    ) AS originMs
FROM (
    SELECT
        *,
        toDateTime(intDiv(toUnixTimestamp(hour), {seconds:UInt32}) * {seconds:UInt32}, 'UTC') AS period,
        scheme IN ('https', 'wss') AS is_tls,
        method IN ('GET', 'HEAD') AND result_type IN ('Hit', 'RefreshHit', 'Miss') AS is_cacheable
    FROM selvedge.distribution_hour
    WHERE distribution = {distribution:String}
      AND toDate(hour) BETWEEN {from:Date} AND {to:Date}
) AS h
GROUP BY GROUPING SETS ((period), ())
ORDER BY at NULLS FIRST
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    date_time_output_format = 'iso',
    output_format_json_quote_64bit_integers = 0

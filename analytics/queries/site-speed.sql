-- How long people waited for a site's pages, within a span of days (UTC), both ends included: percentiles, ms.
-- No row when nobody opened one.
--
--   firstByte   from the request's head until the first byte left the edge
--   complete    until the last one did
--   origin      that the origin took, of the `fetched` ones that were asked of it
--   views       page views that are counted in
SELECT
    count() AS views,
    arrayMap(us -> round(us / 1000, 3), quantilesTDigest(0.5, 0.75, 0.95, 0.99)(time_to_first_byte_us)) AS firstByte,
    arrayMap(us -> round(us / 1000, 3), quantilesTDigest(0.5, 0.75, 0.95, 0.99)(time_taken_us)) AS complete,
    countIf(origin_time_us > 0) AS fetched,
    arrayMap(
        us -> if(fetched = 0, 0, round(us / 1000, 3)),
        quantilesTDigestIf(0.5, 0.75, 0.95, 0.99)(origin_time_us, origin_time_us > 0)
    ) AS origin
FROM selvedge.access_log
WHERE site = {site:String}
  AND toDate(time) BETWEEN {from:Date} AND {to:Date}
  AND is_page_view AND NOT is_bot
HAVING views > 0
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

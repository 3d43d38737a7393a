-- Which known crawlers came to a site within a window of days (UTC), both ends included; most requests first.
--
--   tokens     what stands in their User-Agents, in any case; the first that is found counts
--   networks   `token asn` of each network that is its owner's
--   requests   every response to who says to be it, and `bytes` of them
--   verified   those of the requests that came from its owner's networks
SELECT
    arrayFirst(token -> positionCaseInsensitive(user_agent, token) > 0, {tokens:Array(String)}) AS crawler,
    count() AS requests,
    sum(bytes_sent) AS bytes,
    countIf(has({networks:Array(String)}, concat(crawler, ' ', toString(asn)))) AS verified
FROM selvedge.access_log
WHERE site = {site:String}
  AND toDate(time) BETWEEN {from:Date} AND {to:Date}
  AND is_bot
GROUP BY crawler
HAVING crawler != ''
ORDER BY requests DESC, crawler
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

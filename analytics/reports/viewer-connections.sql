-- How a distribution's viewers came within a span of days (UTC), and from where: for each trait its values with
-- most requests. '' is unknown; for `tls` it is none.
SELECT
    multiIf(
        grouping(country) = 0, 'country',
        grouping(protocol_version) = 0, 'http',
        'tls'
    ) AS trait,
    multiIf(grouping(country) = 0, country, grouping(protocol_version) = 0, protocol_version, tls_protocol) AS value,
    sum(h.requests) AS requests,
    sum(h.bytes_sent) AS bytes
FROM selvedge.distribution_hour AS h
WHERE distribution = {distribution:String}
  AND toDate(hour) BETWEEN {from:Date} AND {to:Date}
GROUP BY GROUPING SETS ((country), (protocol_version), (tls_protocol))
ORDER BY trait, requests DESC, value
LIMIT 50 BY trait
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

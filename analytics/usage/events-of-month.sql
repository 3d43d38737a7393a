-- Invalidated paths and pictures made within a span of days (UTC), both ends included, by distribution. An id counts
-- once, however many edges told of it.
SELECT
    distribution,
    sumIf(e.quantity, kind = 'invalidation') AS invalidationPaths,
    sumIf(e.quantity, kind = 'render') AS renders
FROM (
    SELECT kind, id, min(b.distribution) AS distribution, max(b.quantity) AS quantity
    FROM selvedge.billed_events AS b
    WHERE toDate(time) BETWEEN {from:Date} AND {to:Date}
    GROUP BY kind, id
) AS e
GROUP BY distribution
ORDER BY distribution
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    max_bytes_before_external_group_by = 500000000,
    output_format_json_quote_64bit_integers = 1

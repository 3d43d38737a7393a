-- The site under which people last opened a page of each of `hosts`, for those of which they did within a span of days.
SELECT host, argMax(of_host.site, last_seen) AS site
FROM selvedge.site_host AS of_host
WHERE host IN {hosts:Array(String)}
  AND toDate(last_seen) >= {from:Date} AND toDate(first_seen) <= {to:Date}
GROUP BY host
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000

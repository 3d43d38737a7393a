-- What a day brought to each site, in all (`is_total`) and by host.
--
--   requests     every response, bots, errors and parts of pages too; `bytes` sent in them, heads included
--   page_views   by people, repeats too (ranking counts a repeat once)
--   visitors     distinct people with a page view
INSERT INTO selvedge.traffic_day
(
    computation, day, site, is_total, host, requests, page_views, visitors, bytes, first_seen, last_seen
)
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    compile_sort_description = 0,
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_execution_time = 300,
    max_memory_usage = 2000000000,
    max_bytes_before_external_group_by = 700000000,
    max_bytes_before_external_sort = 700000000
SELECT
    {computation:UUID},
    {day:Date},
    site,
    grouping(host) = 1,
    host,
    count(),
    countIf(is_page_view AND NOT is_bot),
    uniqExactIf(visitor, is_page_view AND NOT is_bot),
    sum(bytes_sent),
    min(time),
    max(time)
FROM selvedge.access_log
WHERE toDate(time) = {day:Date} AND site != ''
GROUP BY GROUPING SETS ((site), (site, host))

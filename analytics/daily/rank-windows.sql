-- All windows at once: most of what it takes for a small site is the statement.
INSERT INTO selvedge.ranks
(
    computation, day, window_days, scope, days, rank, score, site, reach, views, bucket
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
    {computation:UUID}, {to:Date}, window_days, scope, days, rank, score, site, reach, views, bucket
FROM ({{../ranking/ranked-sites.sql}})

-- One window, of the figures of the same computation.
INSERT INTO selvedge.ranks_so_far
(
    computation, window_days, scope, days, rank, score, site, reach, views, bucket
)
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    compile_sort_description = 0,
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_execution_time = 60,
    max_memory_usage = 1500000000,
    max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000
SELECT
    {computation:UUID}, window_days, scope, days, rank, score, site, reach, views, bucket
FROM ({{../ranking/ranked-sites.sql}})

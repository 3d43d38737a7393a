-- One thread and bounds: questions go first, and nobody waits longer for it than he would for an answer.
INSERT INTO selvedge.figures_so_far
(
    computation, day, place, site, category, reach, views, score, networks, uncapped,
    page_views, visits, bounces, seconds
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
    {computation:UUID}, day, place, site, category, reach, views, score, networks, uncapped,
    page_views, visits, bounces, seconds
FROM ({{../ranking/daily-figures.sql}})

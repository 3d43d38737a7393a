-- `fresh` is the one day.
INSERT INTO selvedge.site_day
(
    computation, day, place, site, category, reach, views, score, networks, uncapped,
    visitors, page_views, visits, bounces, seconds
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
    {computation:UUID}, day, place, site, category, reach, views, score, networks, uncapped,
    visitors, page_views, visits, bounces, seconds
FROM ({{../ranking/daily-figures.sql}})

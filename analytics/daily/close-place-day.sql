-- `fresh` is the one day.
INSERT INTO selvedge.place_day (computation, day, place, visitors)
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    compile_sort_description = 0,
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_execution_time = 300,
    max_memory_usage = 2000000000,
    max_bytes_before_external_group_by = 700000000
SELECT {computation:UUID}, day, place, visitors
FROM ({{../ranking/daily-totals.sql}})

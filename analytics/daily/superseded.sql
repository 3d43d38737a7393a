-- Computations that nobody reads: others hold for their day, or they were never finished. What was begun
-- within the last day may still be under way (the time is in the id: UUID version 7), and what a list was
-- made of stays.
SELECT DISTINCT computation
FROM (
    SELECT DISTINCT computation FROM selvedge.site_day
    UNION ALL
    SELECT DISTINCT computation FROM selvedge.place_day
    UNION ALL
    SELECT DISTINCT computation FROM selvedge.traffic_day
    UNION ALL
    SELECT DISTINCT computation FROM selvedge.site_detail_day
    UNION ALL
    SELECT DISTINCT computation FROM selvedge.ranks
)
WHERE UUIDv7ToDateTime(computation) < {before:DateTime}
  AND computation GLOBAL NOT IN (
    SELECT argMax(computation, (at, computation)) FROM selvedge.published_days GROUP BY day
    UNION ALL
    SELECT argMax(computation, (at, computation)) FROM selvedge.published_ranks GROUP BY day
    UNION ALL
    SELECT arrayJoin(inputs) FROM selvedge.lists
)
SETTINGS max_execution_time = 60, max_memory_usage = 1000000000

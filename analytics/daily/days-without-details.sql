-- Days that have figures but no details, newest first, and the computations that hold for them: a program of before
-- there were any closed them. A day that the log has begun to forget isn't one of them.
SELECT DISTINCT day, computation
FROM selvedge.traffic_day
WHERE day > {forgotten:Date}
  AND is_total
  AND page_views > 0
  AND (day, computation) GLOBAL IN (
    SELECT day, argMax(computation, (at, computation)) FROM selvedge.published_days GROUP BY day
  )
  AND computation GLOBAL NOT IN (SELECT DISTINCT computation FROM selvedge.site_detail_day)
ORDER BY day DESC
SETTINGS max_execution_time = 60, max_memory_usage = 1000000000

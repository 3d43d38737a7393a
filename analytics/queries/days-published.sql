-- The days of a span whose figures are final until late records come, and the computations that hold for them.
SELECT day, computation
FROM ({{../ranking/published-days.sql}})
ORDER BY day
SETTINGS max_execution_time = 10

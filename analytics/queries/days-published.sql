-- The days of a span whose figures are final until late records come: ranking/published-days.sql.
SELECT day
FROM ({{../ranking/published-days.sql}})
ORDER BY day
SETTINGS max_execution_time = 10

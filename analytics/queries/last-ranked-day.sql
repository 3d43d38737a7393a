-- The last day that has rankings; no row when none has.
SELECT day
FROM ({{../ranking/published-ranks.sql}})
ORDER BY day DESC
LIMIT 1
SETTINGS max_execution_time = 10

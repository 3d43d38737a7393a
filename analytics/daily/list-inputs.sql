-- The daily rankings of a list's days: their computations, oldest first.
SELECT day, argMax(computation, (at, computation)) AS computation
FROM selvedge.published_ranks
WHERE day BETWEEN {from:Date} AND {to:Date}
GROUP BY day
ORDER BY day
SETTINGS max_execution_time = 60

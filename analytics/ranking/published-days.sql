-- The computation that holds for each day: the newest one that was finished.
SELECT day, argMax(computation, (at, computation)) AS computation
FROM selvedge.published_days
WHERE day BETWEEN {from:Date} AND {to:Date}
GROUP BY day

-- The computation of each day's rankings that holds: the newest one that was finished.
SELECT day, argMax(computation, (at, computation)) AS computation
FROM selvedge.published_ranks
GROUP BY day

-- Lists of some days, the first made of each.
SELECT day, argMin(inputs, (made, id)) AS inputs
FROM selvedge.lists
WHERE day IN {days:Array(Date)}
GROUP BY day
SETTINGS max_execution_time = 60

-- By which computations two days' rankings hold now; whoever has the same has the same rankings.
SELECT day, computation
FROM ({{../ranking/published-ranks.sql}})
WHERE day IN ({day:Date}, {earlier:Date})
ORDER BY day
SETTINGS max_execution_time = 10

-- The stable lists, newest first, the first made of each day.
--
--   id   this one only; '' for the last ones
SELECT
    argMin(id, (made, id)) AS list,
    day,
    argMin(configuration, (made, id)) AS configuration,
    argMin(inputs, (made, id)) AS inputs,
    argMin(sites, (made, id)) AS sites,
    argMin(sha256, (made, id)) AS digest,
    argMin(stability, (made, id)) AS stability
FROM selvedge.lists
WHERE {id:String} = '' OR id = {id:String}
GROUP BY day
ORDER BY day DESC
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000

DELETE FROM selvedge.ranks{{local}}{{on_cluster}}
WHERE computation IN {computations:Array(UUID)}

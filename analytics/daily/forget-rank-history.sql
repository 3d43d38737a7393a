DELETE FROM selvedge.rank_history{{local}}{{on_cluster}}
WHERE computation IN {computations:Array(UUID)}

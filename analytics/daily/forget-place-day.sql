DELETE FROM selvedge.place_day{{local}}{{on_cluster}}
WHERE computation IN {computations:Array(UUID)}

DELETE FROM selvedge.place_views{{local}}{{on_cluster}}
WHERE computation IN {computations:Array(UUID)}

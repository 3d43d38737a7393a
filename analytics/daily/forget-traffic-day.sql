DELETE FROM selvedge.traffic_day{{local}}{{on_cluster}}
WHERE computation IN {computations:Array(UUID)}

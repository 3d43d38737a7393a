DELETE FROM selvedge.site_day{{local}}{{on_cluster}}
WHERE computation IN {computations:Array(UUID)}

DELETE FROM selvedge.site_rank{{local}}{{on_cluster}}
WHERE computation IN {computations:Array(UUID)}

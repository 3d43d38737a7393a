DELETE FROM selvedge.site_traffic{{local}}{{on_cluster}}
WHERE computation IN {computations:Array(UUID)}

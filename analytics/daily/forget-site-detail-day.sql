DELETE FROM selvedge.site_detail_day{{local}}{{on_cluster}}
WHERE computation IN {computations:Array(UUID)}

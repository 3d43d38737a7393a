SYSTEM START TTL MERGES{{on_cluster}} selvedge.site_hour{{local}}

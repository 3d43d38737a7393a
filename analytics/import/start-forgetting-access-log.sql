SYSTEM START TTL MERGES{{on_cluster}} selvedge.access_log{{local}}

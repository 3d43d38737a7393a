-- One part a month: a question about one site looks into each part that there is.
OPTIMIZE TABLE selvedge.traffic_day{{local}}{{on_cluster}} FINAL
SETTINGS optimize_skip_merged_partitions = 1

-- One part of each partition: a question about one site looks into each part that there is.
OPTIMIZE TABLE selvedge.site_detail_day{{local}}{{on_cluster}} FINAL
SETTINGS optimize_skip_merged_partitions = 1

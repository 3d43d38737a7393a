ALTER TABLE selvedge.ranks_so_far{{local}}{{on_cluster}}
    DROP PARTITION {computation:String}

ALTER TABLE selvedge.figures_so_far{{local}}{{on_cluster}}
    DROP PARTITION {computation:String}

ALTER TABLE selvedge.distribution_hour{{local}}{{on_cluster}}
    DROP PARTITION {day:String}

ALTER TABLE selvedge.site_hour{{local}}{{on_cluster}}
    DROP PARTITION {day:String}

ALTER TABLE selvedge.usage_hour_anew{{local}}{{on_cluster}}
    DROP PARTITION {day:String}

ALTER TABLE selvedge.site_hour{{local}}{{on_cluster}}
    MODIFY TTL toDate(hour) + toIntervalDay({days:UInt16})

ALTER TABLE selvedge.distribution_hour{{local}}{{on_cluster}}
    MODIFY TTL toDate(hour) + toIntervalDay({days:UInt16})

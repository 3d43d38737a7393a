ALTER TABLE selvedge.access_log{{local}}{{on_cluster}}
    MODIFY TTL toDate(time) + toIntervalDay({days:UInt16})

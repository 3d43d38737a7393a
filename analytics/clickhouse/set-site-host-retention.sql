ALTER TABLE selvedge.site_host{{local}}{{on_cluster}}
    MODIFY TTL toDate(last_seen) + toIntervalDay({days:UInt16})

ALTER TABLE selvedge.site_detail_day{{local}}{{on_cluster}}
    MODIFY TTL day + toIntervalDay({days:UInt16})

ALTER TABLE selvedge.access_log
    MODIFY TTL toDate(time) + toIntervalDay({days:UInt16})

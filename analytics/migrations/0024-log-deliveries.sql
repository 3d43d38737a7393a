-- What was delivered of the access log: delivery/deliver.ts. A batch is what came in of one distribution and hour
-- in (stored_after, stored_until]; each begins where the one before ended. It is `planned` before its first file is
-- written and `delivered` when its last is, so that one that was interrupted is made again, the same. `started`
-- says with which hour the deliveries of a distribution began.
--
-- Plans are inserted with a token: of two programs that plan what follows, one does.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.log_deliveries{{local}}{{on_cluster}}
(
    distribution String,
    hour         DateTime('UTC'),
    stored_after DateTime('UTC'),
    stored_until DateTime('UTC'),
    state        LowCardinality(String),
    files        UInt32,
    records      UInt64,
    bytes        UInt64,
    at           DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = {{replicated}}MergeTree
ORDER BY (distribution, hour, stored_after)
SETTINGS
    {{remembered_inserts}} = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1

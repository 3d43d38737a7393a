-- When a row came into the log, by ClickHouse's clock: tells delivery which records of an hour are new. Rows of
-- before this have the time at which they are read or merged, and are of hours before any delivery began.
ALTER TABLE selvedge.access_log{{local}}{{on_cluster}}
    ADD COLUMN IF NOT EXISTS stored_at DateTime('UTC') DEFAULT now('UTC') CODEC(Delta, ZSTD(1))

-- 0023 gave the column to the parts of the log alone: on a cluster, delivery asked all of it for what it did not know.
-- Elsewhere it is there already.
ALTER TABLE selvedge.access_log{{on_cluster}}
    ADD COLUMN IF NOT EXISTS stored_at DateTime('UTC') DEFAULT now('UTC')

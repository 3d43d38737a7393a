-- Which computation of a day holds: the last that was finished. `records` is how many the log had of the
-- day then (more of them later make it due again), `formula` what it was worked out by: ranking/formula.ts.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.published_days{{local}}{{on_cluster}}
(
    day         Date,
    computation UUID,
    records     UInt64,
    formula     String,
    at          DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = {{replicated}}MergeTree
ORDER BY (day, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1

-- Which computation of a day's rankings holds: the last that was finished. `inputs` is a hash of the days'
-- computations that it was made of; when they are others now, it is due again.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.published_ranks{{local}}{{on_cluster}}
(
    day         Date,
    computation UUID,
    inputs      UInt64,
    formula     String,
    at          DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = {{replicated}}MergeTree
ORDER BY (day, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1

-- The secret of each day's visitor ids; see collect/salts.ts. `made` is the day on which it was.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.salts{{local}}{{on_cluster}}
(
    day  Date,
    salt String,
    made Date
)
ENGINE = {{replicated}}MergeTree
ORDER BY day
SETTINGS
    {{remembered_inserts}} = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1

-- The secret of each day's visitor ids; see collect/salts.ts. `made` is the day on which it was.
CREATE TABLE IF NOT EXISTS selvedge.salts
(
    day  Date,
    salt String,
    made Date
)
ENGINE = MergeTree
ORDER BY day
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1

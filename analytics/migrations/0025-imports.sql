-- Log files that were imported (`npm run analytics -- import`), each by the SHA-256 of what is in it: `begun` at
-- each attempt, `finished` when all of it counts. Kept for ever, so that a file given again is known.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.imports{{local}}{{on_cluster}}
(
    file     String,
    name     String,
    state    LowCardinality(String),
    lines    UInt64,
    records  UInt64,
    rejected UInt64,
    at       DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = {{replicated}}MergeTree
ORDER BY file
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1

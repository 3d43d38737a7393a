-- Which files of this folder were run.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.migrations{{local}}{{on_cluster}}
(
    name String,
    at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = {{replicated}}ReplacingMergeTree
ORDER BY name

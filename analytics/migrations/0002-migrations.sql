-- Which files of this folder were run.
CREATE TABLE IF NOT EXISTS selvedge.migrations
(
    name String,
    at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY name

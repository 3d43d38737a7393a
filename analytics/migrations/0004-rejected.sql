-- Lines of segments that are no access-log record, each with the reason; addresses in them are gone.
--
-- Not partitioned: a segment sent again the day after has to meet the token it left here the first time.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.rejected{{local}}{{on_cluster}}
(
    at      DateTime('UTC') DEFAULT now('UTC'),
    segment String CODEC(ZSTD(1)),
    line    String CODEC(ZSTD(1)),
    reason  String CODEC(ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
ORDER BY at
TTL at + INTERVAL 30 DAY
SETTINGS
    {{remembered_inserts}} = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1

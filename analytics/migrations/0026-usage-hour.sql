-- What each hour (UTC) is billed for: filled by usage_hour_view from every insert into the log; a segment that
-- comes again adds nothing, as in selvedge.site_hour. Days that are over are compared with the log: daily/hours.ts.
--
--   country           of the viewer, '' when unknown: usage/regions.ts says which region is billed
--   is_tls            https and wss
--   is_read           GET and HEAD; all other methods are one class
--   requests          every response, bots, data centres and errors too
--   bytes_out         sent to viewers, heads included; bytes_in received from them
--   shield_requests   responses for which the shield was asked, and that did not share another's fetch
--
-- Imported records aren't here: others have answered them. Kept for ever: an invoice may be asked for when the log
-- is gone, so a day that the log doesn't have whole is never made anew.
-- Sharded by cityHash64(distribution).
CREATE TABLE IF NOT EXISTS selvedge.usage_hour{{local}}{{on_cluster}}
(
    distribution    LowCardinality(String),
    hour            DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    country         LowCardinality(String),
    is_tls          Bool,
    is_read         Bool,
    requests        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_out       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_in        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    shield_requests SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = {{replicated}}AggregatingMergeTree
PARTITION BY toDate(hour)
ORDER BY (distribution, hour, country, is_tls, is_read)
SETTINGS
    {{remembered_inserts}} = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1

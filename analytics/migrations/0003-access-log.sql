-- One row per response to a viewer: the record of edge/log/record.ts, which says what each column
-- means, without addresses, and what the collector derives from it.
--
-- A segment is inserted with its name as the token, so that one sent again adds nothing; the window is
-- how many inserts back that is noticed. Its TTL is set at each start, from `retentionDays`.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.access_log{{local}}{{on_cluster}}
(
    time                  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    node                  LowCardinality(String),
    request_id            String CODEC(ZSTD(1)),
    distribution          LowCardinality(String),
    host                  String CODEC(ZSTD(1)),
    site                  String CODEC(ZSTD(1)),
    method                LowCardinality(String),
    scheme                LowCardinality(String),
    protocol_version      LowCardinality(String),
    path                  String CODEC(ZSTD(1)),
    query                 String CODEC(ZSTD(1)),
    status                UInt16 CODEC(ZSTD(1)),
    bytes_sent            UInt64 CODEC(T64, ZSTD(1)),
    bytes_received        UInt64 CODEC(T64, ZSTD(1)),
    time_taken_us         UInt64 CODEC(T64, ZSTD(1)),
    time_to_first_byte_us UInt64 CODEC(T64, ZSTD(1)),
    origin_time_us        UInt64 CODEC(T64, ZSTD(1)),
    result_type           LowCardinality(String),
    detailed_result_type  LowCardinality(String),
    cache_status          String CODEC(ZSTD(1)),
    content_type          String CODEC(ZSTD(1)),
    content_length        Nullable(UInt64) CODEC(ZSTD(1)),
    range_start           Nullable(UInt64) CODEC(ZSTD(1)),
    range_end             Nullable(UInt64) CODEC(ZSTD(1)),
    network               String COMMENT 'Of the viewer: 192.0.2.0/24 or 2001:db8:1::/48' CODEC(ZSTD(1)),
    tls_protocol          LowCardinality(String),
    tls_cipher            LowCardinality(String),
    user_agent            String CODEC(ZSTD(1)),
    referer               String CODEC(ZSTD(1)),
    country               LowCardinality(String),
    asn                   UInt32 CODEC(ZSTD(1)),
    sec_fetch_dest        String CODEC(ZSTD(1)),
    sec_purpose           String CODEC(ZSTD(1)),
    visitor               UInt64 COMMENT 'Who it was, for one day: collect/visitor.ts' CODEC(ZSTD(1)),
    is_bot                Bool CODEC(ZSTD(1)),
    is_page_view          Bool COMMENT 'A person looked at a page: collect/page-view.ts' CODEC(ZSTD(1))
)
ENGINE = {{replicated}}MergeTree
PARTITION BY toDate(time)
ORDER BY (site, time)
SETTINGS
    {{remembered_inserts}} = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1

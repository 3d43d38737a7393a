-- The order of columns is that of the values in row.ts. `segment-token` stands for the segment's name,
-- which is checked before it gets here, since a setting can't be bound. The bounds on rows and bytes are
-- beyond any segment, so that it is one block, which ClickHouse takes whole or not at all. The token holds for what views make of it, too; and on a cluster
-- it is answered only when the shards have the rows.
INSERT INTO selvedge.access_log
(
    time, node, request_id, distribution, host, site, method, scheme, protocol_version, path, query,
    status, bytes_sent, bytes_received, time_taken_us, time_to_first_byte_us, origin_time_us,
    result_type, detailed_result_type, cache_status, content_type, content_length, range_start, range_end,
    network, tls_protocol, tls_cipher, user_agent, referer, country, asn, sec_fetch_dest, sec_purpose,
    visitor, is_bot, is_page_view
)
SETTINGS
    insert_deduplication_token = 'segment-token',
    deduplicate_blocks_in_dependent_materialized_views = 1,
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_insert_block_size = 2000000,
    min_insert_block_size_rows = 2000000,
    min_insert_block_size_bytes = 4000000000,
    max_partitions_per_insert_block = 0
FORMAT Native

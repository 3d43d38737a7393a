-- Records of a batch from one second to another, which isn't included: the order of columns is that of
-- w3c-line.ts. Their order is the same each time.
--
-- Bounds are of the column's own type: of `time < toDateTime(…)` ClickHouse makes `<=` the second before, and leaves
-- out a part that has nothing but records within the last second.
SELECT
    toDate(time),
    formatDateTime(time, '%H:%i:%S'),
    node,
    bytes_sent,
    splitByChar('/', network)[1],
    method,
    host,
    path,
    leftPad(toString(status), 3, '0'),
    referer,
    user_agent,
    query,
    result_type,
    request_id,
    scheme,
    bytes_received,
    toDecimalString(time_taken_us / 1000000, 3),
    tls_protocol,
    tls_cipher,
    protocol_version,
    toDecimalString(time_to_first_byte_us / 1000000, 3),
    if(detailed_result_type = '', result_type, detailed_result_type),
    content_type,
    ifNull(toString(content_length), ''),
    ifNull(toString(range_start), ''),
    ifNull(toString(range_end), '')
FROM selvedge.access_log
WHERE distribution = {distribution:String}
  AND time >= toDateTime({from:UInt32}, 'UTC')
  AND time < toDateTime64({to:UInt32}, 3, 'UTC')
  AND stored_at > toDateTime({after:UInt32}, 'UTC')
  AND stored_at <= toDateTime({until:UInt32}, 'UTC')
ORDER BY access_log.time, request_id, path, bytes_sent
SETTINGS
    max_execution_time = 300,
    max_memory_usage = 2000000000,
    max_bytes_before_external_sort = 500000000

-- One day of somebody who wants a rank for each of `sites`: page views by made-up visitors, and a picture for each
-- visitor, so that they look like people.
--
--   addresses     evenly spread over `networks` (/24), those over `systems` (autonomous systems, from
--                 `firstSystem` on); who has another first system has other networks and other visitors
--   agents        browsers that each address pretends to have: each is a visitor of its own
--   views         page views of each visitor, of `pages` pages in turn, as slowly as the day allows
INSERT INTO selvedge.access_log
(
    time, node, request_id, distribution, host, site, method, scheme, protocol_version, path, status,
    bytes_sent, content_type, network, tls_protocol, user_agent, country, asn, sec_fetch_dest, visitor,
    is_bot, is_page_view
)
SETTINGS
    async_insert = 0,
    insert_deduplicate = 0,
    max_insert_threads = 1,
    max_execution_time = 300,
    max_memory_usage = 2000000000
WITH
    intDiv(number, {views:UInt32} + 1) AS who,
    number % ({views:UInt32} + 1) AS step,
    who % {addresses:UInt32} AS address,
    address % {networks:UInt32} AS of_network,
    step = {views:UInt32} AS is_picture,
    least(60, intDiv(80000, {views:UInt32})) AS pause
SELECT
    toDateTime64({day:Date}, 3, 'UTC')
        + toIntervalSecond(who * 7919 % (86400 - pause * {views:UInt32}) + step * pause) AS time,
    'edge-1' AS node,
    hex(sipHash64({day:Date}, site, number)) AS request_id,
    'd1' AS distribution,
    site AS host,
    site,
    'GET' AS method,
    'https' AS scheme,
    'HTTP/2.0' AS protocol_version,
    if(is_picture, '/picture.webp', concat('/page-', toString(step % {pages:UInt32}))) AS path,
    200 AS status,
    5000 AS bytes_sent,
    if(is_picture, 'image/webp', 'text/html; charset=utf-8') AS content_type,
    concat(
        toString(11 + {firstSystem:UInt32} % 50), '.', toString(sipHash64(site) % 256), '.',
        toString(of_network % 256), '.',
        toString(intDiv(of_network, 256)), '/24'
    ) AS network,
    'TLSv1.3' AS tls_protocol,
    concat('Mozilla/5.0 (X11; Linux x86_64; rv:', toString(intDiv(who, {addresses:UInt32})), '.0) Firefox/140.0')
        AS user_agent,
    ['US', 'DE', 'BR', 'IN', 'VN'][1 + of_network % 5] AS country,
    {firstSystem:UInt32} + of_network % {systems:UInt32} AS asn,
    if(is_picture, 'image', 'document') AS sec_fetch_dest,
    sipHash64({day:Date}, site, {firstSystem:UInt32}, who) AS visitor,
    false AS is_bot,
    NOT is_picture AS is_page_view
FROM (
    SELECT number, arrayJoin({sites:Array(String)}) AS site
    FROM numbers(toUInt64({addresses:UInt32}) * {agents:UInt32} * ({views:UInt32} + 1))
)

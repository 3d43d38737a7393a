-- One day of made-up traffic, the same in every run. A visit is three records: two page views and a picture.
--
--   visits     so many come at most; on a working day about half of them do
--   sites      how many there are; the k-th has 1/k of the first one's visits (Zipf)
--   people     how many there are, some of whom come more often than others; forty share a network, and a
--              network is of one autonomous system and in one country
--   swing      by how much a site's day differs from its usual one, in thousandths: the standard deviation
--              of its logarithm. One site day in two hundred has four times as many visits besides
--   until      second of the day at which it ends; 86400 for a whole one
--
-- A third of the sites have more visits at weekends, the others fewer. One visit in 25 is a bot's.
INSERT INTO selvedge.access_log
(
    time, node, request_id, distribution, host, site, method, scheme, protocol_version, path, status,
    bytes_sent, bytes_received, time_taken_us, time_to_first_byte_us, origin_time_us, result_type,
    detailed_result_type, content_type, network, tls_protocol, user_agent, referer, country, asn,
    sec_fetch_dest, visitor, is_bot, is_page_view
)
SETTINGS
    async_insert = 0,
    insert_deduplicate = 0,
    max_threads = 2,
    max_insert_threads = 1,
    max_execution_time = 300,
    max_memory_usage = 2000000000
WITH
    sipHash64(visit, step) AS chance,
    chance % 20 = 0 AS is_miss,
    concat('site-', toString(place), '.example') AS name
SELECT
    toDateTime64({day:Date}, 3, 'UTC')
        + toIntervalSecond(least(second + step * (2 + chance % 90), {until:UInt32} - 1)) AS time,
    concat('edge-', toString(visit % 4)) AS node,
    hex(chance) AS request_id,
    concat('d', toString(place % 40)) AS distribution,
    concat(if(visit % 10 < 7, 'www.', ''), name) AS host,
    name AS site,
    'GET' AS method,
    'https' AS scheme,
    if(visit % 4 = 0, 'HTTP/1.1', 'HTTP/2.0') AS protocol_version,
    if(
        step = 2,
        concat('/img/', toString(chance % 50), '.webp'),
        concat('/page-', toString(toUInt32(exp(chance / pow(2, 64) * log(301)))))
    ) AS path,
    200 AS status,
    800 + chance % 90000 AS bytes_sent,
    400 + chance % 300 AS bytes_received,
    60 + chance % 9000 + if(is_miss, 40000, 0) AS time_taken_us,
    50 + chance % 1000 + if(is_miss, 30000, 0) AS time_to_first_byte_us,
    if(is_miss, 25000 + chance % 9000, 0) AS origin_time_us,
    if(is_miss, 'Miss', 'Hit') AS result_type,
    result_type AS detailed_result_type,
    if(step = 2, 'image/webp', 'text/html; charset=utf-8') AS content_type,
    concat('10.', toString(intDiv(network_of, 256) % 256), '.', toString(network_of % 256), '.0/24') AS network,
    'TLSv1.3' AS tls_protocol,
    concat('Mozilla/5.0 (X11; Linux x86_64; rv:', toString(person % 300), '.0) Firefox/140.0') AS user_agent,
    multiIf(
        step > 0, concat('https://', host, '/'),
        visit % 5 = 0, concat('https://www.site-', toString(1 + chance % 1000), '.example/'),
        ''
    ) AS referer,
    [
        'US', 'DE', 'FR', 'GB', 'BR', 'IN', 'JP', 'IT', 'ES', 'PL', 'NL', 'CA', 'MX', 'TR', 'ID', 'KR', 'AU',
        'SE', 'AT', 'CH', 'BE', 'CZ', 'PT', 'AR', 'CO', 'CL', 'ZA', 'NG', 'EG', 'VN', 'TH', 'PH', 'MY', 'SG',
        'NO', 'DK', 'FI', 'IE', 'GR', ''
    ][toUInt32(exp(sipHash64(network_of, 'country') / pow(2, 64) * log(41)))] AS country,
    64500 + toUInt32(exp(sipHash64(network_of, 'asn') / pow(2, 64) * log(601))) AS asn,
    if(step = 2, 'image', 'document') AS sec_fetch_dest,
    sipHash64({day:Date}, person) AS visitor,
    visit % 25 = 0 AS is_bot,
    step < 2 AND NOT is_bot AS is_page_view
FROM (
    SELECT
        visit,
        place,
        arrayJoin([0, 1, 2]) AS step,
        toUInt32(
            {people:UInt32} * pow(sipHash64(visit, 'person') / pow(2, 64), 2)
        ) AS person,
        toUInt32(sipHash64(person, 'network') % intDiv({people:UInt32} + 39, 40)) AS network_of,
        -- More of them at noon than at midnight.
        toUInt32(
            {until:UInt32} * (when + 0.12 * sin(2 * pi() * when))
        ) AS second
    FROM (
        SELECT
            sipHash64({day:Date}, number) AS visit,
            visit / pow(2, 64) AS when,
            toUInt32(exp(sipHash64(visit, 'site') / pow(2, 64) * log({sites:UInt32} + 0.9999))) AS place,
            sipHash64({day:Date}, place, 'weather') AS weather,
            -- Two even chances make a normal one (Box and Muller).
            exp(
                {swing:UInt32} / 1000
                    * sqrt(-2 * log((weather % 1000003 + 1) / 1000004))
                    * cos(2 * pi() * (intDiv(weather, 1000003) % 1000003) / 1000003)
            ) AS fortune,
            if(toDayOfWeek({day:Date}) > 5, if(place % 3 = 0, 1.5, 0.6), 1)
                * fortune
                * if(weather % 200 = 0, 4, 1) AS share
        FROM numbers({visits:UInt32})
        WHERE sipHash64(visit, 'comes') / pow(2, 64) < share / 2
    )
)

-- Two months of made-up traffic of 45 sites, the same in every run: a few have most of it, weekends differ,
-- some grow and some fade, each has countries of its own, and some link to others.
--
--   day    the last day (UTC); it has traffic until noon
--   days   how many days
INSERT INTO selvedge.access_log
    (time, distribution, host, site, path, status, bytes_sent, referer, country, network, visitor, is_bot, is_page_view,
     method, scheme, protocol_version, tls_protocol, user_agent, result_type, origin_time_us, time_to_first_byte_us,
     time_taken_us)
WITH
    ['tidewater.example', 'morgenblatt.example', 'openatlas.example', 'kettle-and-crumb.example', 'fjordkart.example',
     'lumen.example', 'parapluie.example', 'nightbus.example', 'quarry.example', 'hazelwood-library.example',
     'signalbox.example', 'veloroute.example', 'papermill.example', 'saltmarsh.example', 'ostwind.example',
     'beekeepers-of-the-upper-valley.example', 'cartograph.example', 'dovetail.example', 'elderflower.example',
     'farolito.example', 'gasometer.example', 'harbourlight.example', 'inkwell.example', 'juniper.example',
     'kiosk.example', 'lanterna.example', 'moorland.example', 'northpier.example', 'orrery.example',
     'plumbline.example', 'quince.example', 'rookery.example', 'sundial.example', 'thimble.example',
     'umbra.example', 'viaduct.example', 'weathervane.example', 'xylem.example', 'yarrow.example',
     'zeppelin.example', 'an-extraordinarily-long-name-for-a-small-site-about-nothing.example', 'abacus.example',
     'bellows.example', 'xn--mnchen-3ya.example', 'cinder.example'] AS sites,
    ['DE', 'US', 'FR', 'GB', 'JP', 'BR', 'PL', 'NL', 'SE', 'IN', 'ES', 'AT', 'ZA', 'KR', ''] AS countries,
    -- Where a site stands among the sites, from 1.
    number % 45 + 1 AS place,
    intDiv(number, 45) % {days:UInt16} AS days_ago,
    intDiv(number, 45 * {days:UInt16}) AS at,
    toDayOfWeek({day:Date} - days_ago) AS weekday,
    -- A site's visits on a day: by its place, the weekday, where its fortunes go, and chance.
    1500 / pow(place, 0.85)
        * if(weekday > 5, if(place % 3 = 0, 1.35, 0.72), 1)
        * (1 + 0.35 * sin(place * 1.7 + days_ago / 17))
        * exp(-(place % 5 - 2) * days_ago / 260)
        * (0.9 + 0.2 * (sipHash64(place, days_ago) % 1000) / 1000)
        * if(days_ago = 0, 0.45, 1) AS visits,
    sipHash64(place, days_ago, at) AS chance,
    -- Who comes often comes again on the same day.
    sipHash64(place, days_ago, intDiv(at * 5, 8)) AS person,
    sites[place] AS site_name
SELECT
    toDateTime64({day:Date} - days_ago, 3, 'UTC')
        + toIntervalSecond(if(days_ago = 0, chance % 43200, 21600 + (chance % 50000 + intDiv(chance, 50000) % 14000))) AS time,
    concat('d', toString(place)) AS distribution,
    multiIf(chance % 100 < 62, concat('www.', site_name), chance % 100 < 88, site_name, concat('shop.', site_name)) AS host,
    site_name AS site,
    concat('/', ['', 'about', 'news', 'guide', 'map', 'contact', 'archive', 'prices'][1 + intDiv(chance, 7) % 8]) AS path,
    200 AS status,
    4000 + chance % 90000 AS bytes_sent,
    multiIf(
        chance % 11 = 0, concat('https://www.', sites[1 + intDiv(chance, 11) % 9], '/'),
        chance % 11 = 1, 'https://search.example.net/',
        '') AS referer,
    -- A third from the first country of the site, the rest from all over.
    countries[if(person % 3 = 0, 1 + place % 7, 1 + intDiv(person % 225, if(person % 2 = 0, 15, 30)))] AS country,
    concat('10.', toString(intDiv(person, 251) % 200), '.', toString(person % 251), '.0/24') AS network,
    person AS visitor,
    false AS is_bot,
    true AS is_page_view,
    'GET' AS method,
    if(person % 40 = 0, 'http', 'https') AS scheme,
    multiIf(person % 40 = 0, 'HTTP/1.1', person % 3 = 0, 'HTTP/1.1', 'HTTP/2.0') AS protocol_version,
    multiIf(person % 40 = 0, '', person % 9 = 0, 'TLSv1.2', 'TLSv1.3') AS tls_protocol,
    [
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1',
        'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
        'Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0',
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15'
    ][1 + intDiv(person, 3) % 5] AS user_agent,
    multiIf(chance % 13 = 0, 'Miss', chance % 29 = 0, 'RefreshHit', 'Hit') AS result_type,
    -- A long tail: one in some hundred waits for seconds.
    toUInt32(if(result_type = 'Hit', 0, 18000 + 9e6 / (4 + chance % 997))) AS origin_time_us,
    toUInt32(origin_time_us + 300 + 4e5 / (5 + chance % 499)) AS time_to_first_byte_us,
    toUInt32(time_to_first_byte_us + 200 + bytes_sent * (1 + chance % 7) / 12) AS time_taken_us
FROM numbers(45 * {days:UInt16} * 2600)
WHERE at < visits
SETTINGS max_partitions_per_insert_block = 0, max_execution_time = 300

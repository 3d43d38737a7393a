-- What a distribution's viewers came with within a span of days (UTC), by what their User-Agent says: device,
-- browser and operating system, each with most requests first. Each distinct agent is looked at once.
--
-- Browsers pretend to be others, so the order of the rules counts: who says `Edg/` says `Chrome/` and `Safari/`
-- as well. An iPad asks for desktop pages as a Macintosh, and is one here.
SELECT
    multiIf(grouping(device) = 0, 'device', grouping(browser) = 0, 'browser', 'os') AS trait,
    multiIf(grouping(device) = 0, device, grouping(browser) = 0, browser, os) AS value,
    sum(of_agent) AS requests,
    sum(bytes_of_agent) AS bytes
FROM (
    SELECT
        of_agent,
        bytes_of_agent,
        multiIf(
            is_bot, 'Bot',
            user_agent = '', 'Unknown',
            match(user_agent, '(?i)smart-?tv|appletv|apple tv|googletv|google tv|hbbtv|netcast|roku|crkey|bravia|web0s|aft[a-z]+ build'), 'Smart-TV',
            match(user_agent, '(?i)ipad|tablet|kindle|silk/|playbook')
                OR (match(user_agent, 'Android') AND NOT match(user_agent, 'Mobi')), 'Tablet',
            match(user_agent, '(?i)mobi|iphone|ipod|windows phone'), 'Mobile',
            match(user_agent, 'Windows NT|Macintosh|X11|CrOS|Linux'), 'Desktop',
            'Unknown'
        ) AS device,
        multiIf(
            is_bot, 'Bot',
            match(user_agent, 'Edg(e|A|iOS)?/'), 'Edge',
            match(user_agent, 'OPR/|Opera|OPiOS/'), 'Opera',
            match(user_agent, 'SamsungBrowser/'), 'Samsung Internet',
            match(user_agent, 'Firefox/|FxiOS/'), 'Firefox',
            match(user_agent, 'Chrome/|Chromium/|CriOS/'), 'Chrome',
            match(user_agent, 'MSIE |Trident/'), 'Internet Explorer',
            match(user_agent, 'Safari/'), 'Safari',
            'Unknown'
        ) AS browser,
        multiIf(
            is_bot, 'Bot',
            match(user_agent, 'Windows'), 'Windows',
            match(user_agent, 'iPhone|iPad|iPod'), 'iOS',
            match(user_agent, 'Android'), 'Android',
            match(user_agent, 'CrOS'), 'ChromeOS',
            match(user_agent, 'Macintosh|Mac OS X'), 'macOS',
            match(user_agent, 'Linux|X11'), 'Linux',
            'Unknown'
        ) AS os
    FROM (
        SELECT user_agent, is_bot, count() AS of_agent, sum(bytes_sent) AS bytes_of_agent
        FROM selvedge.access_log
        WHERE distribution = {distribution:String}
          AND toDate(time) BETWEEN {from:Date} AND {to:Date}
        GROUP BY user_agent, is_bot
    )
)
GROUP BY GROUPING SETS ((device), (browser), (os))
ORDER BY trait, requests DESC, value
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1500000000,
    max_bytes_before_external_group_by = 500000000,
    output_format_json_quote_64bit_integers = 0

-- The rows of `agents`, which whoever includes this names, and what their User-Agent says: `device`, `browser` and `os`.
-- `agents` has at least `user_agent` and `is_bot`.
--
-- Browsers pretend to be others, so the order of the rules counts: who says `Edg/` says `Chrome/` and `Safari/`
-- as well. An iPad asks for desktop pages as a Macintosh, and is one here.
SELECT
    *,
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
FROM agents

-- What a distribution's viewers came with within a span of days (UTC), bots and errors too, by what their User-Agent
-- says: device, browser and operating system, each with most requests first.
SELECT
    multiIf(grouping(device) = 0, 'device', grouping(browser) = 0, 'browser', 'os') AS trait,
    multiIf(grouping(device) = 0, device, grouping(browser) = 0, browser, os) AS value,
    sum(of_agent) AS requests,
    sum(bytes_of_agent) AS bytes
FROM (
    WITH agents AS (
        SELECT user_agent, is_bot, count() AS of_agent, sum(bytes_sent) AS bytes_of_agent
        FROM selvedge.access_log
        WHERE distribution = {distribution:String}
          AND toDate(time) BETWEEN {from:Date} AND {to:Date}
        GROUP BY user_agent, is_bot
    )
    {{agents-told-apart.sql}}
)
GROUP BY GROUPING SETS ((device), (browser), (os))
ORDER BY trait, requests DESC, value
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1500000000,
    max_bytes_before_external_group_by = 500000000,
    output_format_json_quote_64bit_integers = 0

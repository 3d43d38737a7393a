-- With what people opened a site's pages, within a span of days (UTC), both ends included: the traits of
-- reports/agent-traits.sql, whose `requests` are page views here, repeats too.
WITH agents AS (
    SELECT user_agent, is_bot, count() AS of_agent, 0 AS bytes_of_agent
    FROM selvedge.access_log
    WHERE site = {site:String}
      AND toDate(time) BETWEEN {from:Date} AND {to:Date}
      AND is_page_view AND NOT is_bot
    GROUP BY user_agent, is_bot
)
{{../reports/agent-traits.sql}}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1500000000,
    max_bytes_before_external_group_by = 500000000,
    output_format_json_quote_64bit_integers = 0

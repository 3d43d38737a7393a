-- A ranking as most make it: sites by page views, of whoever doesn't say that it is a bot.
SELECT site
FROM (
    SELECT site, countIf(is_page_view AND NOT is_bot) AS views
    FROM selvedge.access_log
    WHERE toDate(time) BETWEEN {from:Date} AND {to:Date} AND site != ''
    GROUP BY site
)
ORDER BY views DESC, site
SETTINGS max_execution_time = 60, max_memory_usage = 2000000000

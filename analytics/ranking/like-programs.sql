-- Visitors who say that they are people and don't behave so: see daily-figures.sql.
SELECT day, visitor
FROM (
    SELECT
        toDate(time) AS day,
        visitor,
        countIf(is_page_view) AS views,
        countIf(NOT is_page_view) AS others
    FROM selvedge.access_log
    WHERE toDate(time) IN {fresh:Array(Date)}
      AND NOT is_bot
    GROUP BY day, visitor, toStartOfMinute(time)
)
GROUP BY day, visitor
HAVING max(views) > {viewsPerMinuteMax:UInt32}
    OR (sum(views) > {bareViewsMax:UInt32} AND sum(others) = 0)

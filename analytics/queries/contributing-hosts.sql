-- Which host names a site's people came to, within a window of days (UTC), both ends included; most page
-- views first.
--
--   reachShare           of the site's visitors, those who opened a page of the host, summed by day, 0 to 1;
--                        who came to two hosts is in both
--   pageViewsShare       of all the site's page views by people, repeats too, 0 to 1
--   pageViewsPerVisitor  page views of the host by its visitors
WITH (
    SELECT sum(people)
    FROM (
        SELECT uniqExact(visitor) AS people
        FROM selvedge.access_log
        WHERE site = {site:String}
          AND toDate(time) BETWEEN {from:Date} AND {to:Date}
          AND is_page_view
          AND NOT is_bot
        GROUP BY toDate(time)
    )
) AS all_people
SELECT
    host,
    round(sum(people) / all_people, 4) AS reachShare,
    round(sum(views) / sum(sum(views)) OVER (), 4) AS pageViewsShare,
    round(sum(views) / sum(people), 2) AS pageViewsPerVisitor
FROM (
    SELECT host, uniqExact(visitor) AS people, count() AS views
    FROM selvedge.access_log
    WHERE site = {site:String}
      AND toDate(time) BETWEEN {from:Date} AND {to:Date}
      AND is_page_view
      AND NOT is_bot
    GROUP BY host, toDate(time)
)
GROUP BY host
ORDER BY sum(views) DESC, host
LIMIT {limit:UInt32}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

-- Of each day of `fresh` and each place: visitors of any site who count, as in daily-figures.sql.
SELECT
    day,
    arrayJoin(if(visitor_country = '', [''], ['', visitor_country])) AS place,
    count() AS visitors
FROM (
    SELECT toDate(time) AS day, visitor, min(country) AS visitor_country
    FROM selvedge.access_log
    WHERE toDate(time) IN {fresh:Array(Date)}
      AND is_page_view
      AND NOT is_bot
      AND site != ''
      AND asn NOT IN {dataCentres:Array(UInt32)}
      AND (toDate(time), visitor) GLOBAL NOT IN ({{like-programs.sql}})
    GROUP BY day, visitor
)
GROUP BY day, place

-- What page views by people tell of a site on each day (UTC) of `fresh`, of one site, or of all where `site` is '': rows
-- of each of `kinds`, or of every kind where there are none. Each page view, repeats too, is in one of each kind, but in
-- one of `origin` only where that was asked.
--
--   kind                         host                      name
--   page                         that it is on             its path; its query doesn't count
--   referrer                     whence somebody came; ''  one of its pages, as the browser named it: many name
--                                where no URL was named    no more than the host
--   device, browser, os          ''                        as reports/agents-told-apart.sql has it
--   country                      ''                        ISO 3166-1 alpha-2; '' where unknown
--   first_byte, complete,        ''                        microseconds until the first byte left the edge, until
--   origin                                                 the last one did, and that the origin took; rounded to
--                                                          three digits, so that there are some thousands at most
--
--   page_views   how many they were; visitors: by how many people
SELECT
    day,
    site,
    detail.1 AS kind,
    detail.2 AS host,
    if(kind = 'referrer' AND host != '', any(referer), detail.3) AS name,
    count() AS page_views,
    uniqExact(visitor) AS visitors
FROM (
    SELECT
        day,
        site,
        visitor,
        referer,
        arrayMap(
            us -> toString(round(us, 3 - length(toString(us)))),
            [time_to_first_byte_us, time_taken_us, origin_time_us]
        ) AS times,
        arrayJoin(arrayFilter(
            (_detail, kind) -> (empty({kinds:Array(String)}) OR has({kinds:Array(String)}, kind))
                AND (kind != 'origin' OR origin_time_us > 0),
            [
                ('page', page_host, path),
                ('referrer', lower(domain(referer)), ''),
                ('device', '', device),
                ('browser', '', browser),
                ('os', '', os),
                ('country', '', country),
                ('first_byte', '', times[1]),
                ('complete', '', times[2]),
                ('origin', '', times[3])
            ],
            ['page', 'referrer', 'device', 'browser', 'os', 'country', 'first_byte', 'complete', 'origin']
        )) AS detail
    FROM (
        WITH agents AS (
            SELECT
                toDate(time) AS day, site, visitor, log.host AS page_host, path, referer, toString(log.country) AS country,
                time_to_first_byte_us, time_taken_us, origin_time_us, is_bot,
                -- So that each of them is looked at once.
                toLowCardinality(log.user_agent) AS user_agent
            FROM selvedge.access_log AS log
            WHERE toDate(time) IN {fresh:Array(Date)}
              AND ({site:String} = '' OR site = {site:String})
              AND site != ''
              AND is_page_view
              AND NOT is_bot
        )
        {{../reports/agents-told-apart.sql}}
    )
)
GROUP BY day, site, detail

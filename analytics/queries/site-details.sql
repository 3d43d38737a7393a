-- What page views by people told of a site within a span of days (UTC), both ends included: a row for each of `kinds`
-- that there are any of, with the words of ranking/daily-details.sql. Days of `fresh` are counted from the log, all
-- others are as `computations` have them.
--
--   pageViews     that the items are of: all the site's page views, but for `origin`, and less those of pages or
--                 referrers that no day kept
--   items         whether it is of a host, less its page views, less its visitors, host and name; the lowest first, so
--                 the referrer '' before all, then who has most page views. Visitors are sums of the daily distinct ones.
--                 Of pages `limit` from `offset` on, of others 10,000 at most: beyond them there is next to nothing
--   percentiles   of times, which have no items: 50, 75, 95 and 99, ms
SELECT
    kind,
    sum(views) AS pageViews,
    arraySlice(
        arraySort(groupArrayIf((host != '', -views, -people, host, name), NOT is_time)),
        if(kind = 'page', {offset:UInt32}, 0) + 1,
        if(kind = 'page', {limit:UInt32}, 10000)
    ) AS items,
    arrayMap(
        us -> round(us / 1000, 3),
        quantilesExactWeighted(0.5, 0.75, 0.95, 0.99)(toUInt64OrZero(if(is_time, name, '')), views)
    ) AS percentiles
FROM (
    SELECT
        kind,
        kind IN ('first_byte', 'complete', 'origin') AS is_time,
        host,
        -- Which of a referrer's pages it was on a day makes no difference.
        if(kind = 'referrer', '', one.name) AS name,
        sum(one.page_views) AS views,
        sum(one.visitors) AS people
    FROM (
        SELECT
            day,
            site,
            detail.kind AS kind,
            detail.host AS host,
            detail.name AS name,
            detail.page_views AS page_views,
            detail.visitors AS visitors
        FROM selvedge.site_detail_day
        ARRAY JOIN details AS detail
        WHERE site = {site:String}
          AND day BETWEEN {from:Date} AND {to:Date}
          AND computation IN {computations:Array(UUID)}
          AND kind IN {kinds:Array(String)}
        UNION ALL
        {{../ranking/daily-details.sql}}
    ) AS one
    GROUP BY kind, host, name
)
GROUP BY kind
SETTINGS
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    max_bytes_before_external_group_by = 300000000,
    output_format_json_quote_64bit_integers = 0

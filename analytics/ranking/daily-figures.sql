-- What ranks are made of: a row for each day (UTC) of `fresh`, each place and each site, from the log.
--
--   place      '' for everywhere, and each country (ISO 3166-1 alpha-2)
--   reach      visitors that count
--   views      their page views: a visitor's repeated view of one URL counts once, and of one visitor
--              no more than `pagesPerVisitorMax` count
--   score      10⁶ × sqrt(reach × views), Alexa's geometric mean, rounded down: whole numbers add up
--              to the same in any order
--   networks   hashes of the networks that visitors came from, the 16 lowest at most
--   category   that a distribution of the site has; the last by name where it has several
--
-- Who counts: people (`is_page_view` and not `is_bot`), whose ASN isn't one of `dataCentres`, and who
-- didn't behave like a program that day: more than `viewsPerMinuteMax` page views in one minute, or more
-- than `bareViewsMax` in the day and never anything else (no picture, style or script).
--
-- How much a network may bring: of the visitors of one /24 or /48 at most `networkPermille` thousandths
-- of what all the others together bring, and always `networkFloor`. Of the others no more than their own
-- `networkFloor` is looked at: eleven networks whose visitors are made up (a browser's name is free) would
-- else lift each other's limit. After that, of those of one ASN
-- (0 is unknown and is none) `asnPermille` thousandths of all the others, and always `asnFloor`. Page
-- views are cut in the same proportion. Networks in `uncapped` count in full; `uncapped` is their visitors.
--
--   visits     runs of page views without a gap of 30 minutes; a visitor's last one ends with the day
--   bounces    visits of one page view
--   seconds    from a visit's first page view to its last; 0 for a bounce
--
-- These three, like `visitors` and `page_views` (repeats too), are of all who count, before the caps.
SELECT
    day,
    place,
    site,
    max(asn_category) AS category,
    sum(if(asn = 0, asn_reach, least(asn_reach, asn_cap)) AS capped) AS reach,
    sum(intDiv(asn_views * capped, asn_reach)) AS views,
    toUInt64(sqrt(reach * views) * 1000000) AS score,
    arraySlice(arraySort(arrayFlatten(groupArray(asn_networks))), 1, 16) AS networks,
    sum(asn_uncapped) AS uncapped,
    sum(asn_visitors) AS visitors,
    sum(asn_page_views) AS page_views,
    sum(asn_visits) AS visits,
    sum(asn_bounces) AS bounces,
    sum(asn_seconds) AS seconds
FROM (
    SELECT
        day,
        place,
        site,
        asn,
        sum(if(network IN {uncapped:Array(String)}, of_network, least(of_network, network_cap)) AS capped)
            AS asn_reach,
        sum(intDiv(network_views * capped, of_network)) AS asn_views,
        greatest(
            {asnFloor:UInt32},
            intDiv(
                {asnPermille:UInt32}
                    * toUInt64(sum(asn_reach) OVER (PARTITION BY day, place, site) - asn_reach),
                1000
            )
        ) AS asn_cap,
        groupArray(sipHash64(network)) AS asn_networks,
        sumIf(of_network, network IN {uncapped:Array(String)}) AS asn_uncapped,
        max(network_category) AS asn_category,
        sum(of_network) AS asn_visitors,
        sum(network_page_views) AS asn_page_views,
        sum(network_visits) AS asn_visits,
        sum(network_bounces) AS asn_bounces,
        sum(network_seconds) AS asn_seconds
    FROM (
        SELECT
            day,
            arrayJoin(if(visitor_country = '', [''], ['', visitor_country])) AS place,
            site,
            network,
            min(visitor_asn) AS asn,
            count() AS of_network,
            if(network IN {uncapped:Array(String)}, of_network, least(of_network, {networkFloor:UInt32}))
                AS of_network_plainly,
            sum(pages) AS network_views,
            greatest(
                {networkFloor:UInt32},
                intDiv(
                    {networkPermille:UInt32}
                        * toUInt64(sum(of_network_plainly) OVER (PARTITION BY day, place, site) - of_network_plainly),
                    1000
                )
            ) AS network_cap,
            max(visitor_category) AS network_category,
            sum(length(times)) AS network_page_views,
            sum(1 + arrayCount(gap -> gap >= 1800, gaps)) AS network_visits,
            sum(arrayCount(
                (before, after) -> before >= 1800 AND after >= 1800,
                arrayConcat([86400], gaps),
                arrayConcat(gaps, [86400])
            )) AS network_bounces,
            sum(arraySum(gap -> if(gap < 1800, gap, 0), gaps)) AS network_seconds
        FROM (
            SELECT
                toDate(time) AS day,
                site,
                visitor,
                min(log.network) AS network,
                min(country) AS visitor_country,
                min(log.asn) AS visitor_asn,
                max(transform(
                    distribution, {categorised:Array(String)}, {categories:Array(String)}, ''
                )) AS visitor_category,
                least(uniqExact(host, path, query), {pagesPerVisitorMax:UInt32}) AS pages,
                arraySort(groupArray(toUnixTimestamp(time))) AS times,
                arrayPopFront(arrayDifference(times)) AS gaps
            FROM selvedge.access_log AS log
            WHERE toDate(time) IN {fresh:Array(Date)}
              AND is_page_view
              AND NOT is_bot
              AND site != ''
              AND log.asn NOT IN {dataCentres:Array(UInt32)}
              AND (toDate(time), visitor) GLOBAL NOT IN ({{like-programs.sql}})
            GROUP BY day, site, visitor
        )
        GROUP BY day, place, site, network
    )
    GROUP BY day, place, site, asn
)
GROUP BY day, place, site

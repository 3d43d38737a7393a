-- The rows of a site's day in one, which takes far less than one by one. Their order lets the token work.
--
-- Of a site's pages, and of its referrers, '' and the 5,000 with most page views are kept: made-up addresses make no
-- rows without end. No other kind has as many.
INSERT INTO selvedge.site_detail_day (computation, day, site, details)
SETTINGS
    insert_deduplication_token = {token:String},
    compile_expressions = 0,
    compile_aggregate_expressions = 0,
    compile_sort_description = 0,
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_execution_time = 300,
    max_memory_usage = 2000000000,
    max_bytes_before_external_group_by = 700000000,
    max_bytes_before_external_sort = 700000000
SELECT {computation:UUID}, day, site, arraySort(details)
FROM (
    SELECT
        day,
        site,
        groupArray((kind, host, name, page_views, visitors)) AS all_details,
        if(
            length(all_details) <= 5000,
            all_details,
            arrayFlatten(arrayMap(
                one_kind -> arraySlice(
                    arraySort(
                        one -> (one.2 != '', -toInt64(one.4), one.2, one.3),
                        arrayFilter(one -> one.1 = one_kind, all_details)
                    ),
                    1,
                    5000
                ),
                arrayDistinct(all_details.1)
            ))
        ) AS details
    FROM ({{../ranking/daily-details.sql}})
    GROUP BY day, site
)
ORDER BY day, site

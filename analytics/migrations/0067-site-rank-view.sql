-- Adds to selvedge.site_rank what is inserted into the ranks. The same columns as in 0068.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.site_rank_view{{on_cluster}}
TO selvedge.site_rank{{local}}
AS SELECT
    computation,
    day,
    window_days,
    scope,
    site,
    days,
    rank,
    reach,
    views,
    bucket
FROM selvedge.ranks{{local}}
WHERE NOT startsWith(scope, 'category:')

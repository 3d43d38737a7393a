-- Adds to selvedge.site_traffic what is inserted into selvedge.traffic_day. The same columns as in 0065.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.site_traffic_view{{on_cluster}}
TO selvedge.site_traffic{{local}}
AS SELECT
    computation,
    day,
    site,
    is_total,
    host,
    requests,
    page_views,
    visitors,
    bytes,
    first_seen,
    last_seen
FROM selvedge.traffic_day{{local}}

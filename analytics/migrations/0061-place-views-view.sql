-- Adds to selvedge.place_views what is inserted into the figures. The same columns as in 0062.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.place_views_view{{on_cluster}}
TO selvedge.place_views{{local}}
AS SELECT
    computation,
    day,
    place,
    sum(of_site.views) AS views
FROM selvedge.site_day{{local}} AS of_site
GROUP BY computation, day, place

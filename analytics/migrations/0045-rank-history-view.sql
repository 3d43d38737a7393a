-- Adds to selvedge.rank_history what is inserted into the ranks. The same columns as in 0046.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.rank_history_view{{on_cluster}}
TO selvedge.rank_history{{local}}
AS SELECT
    computation,
    day,
    window_days,
    site,
    days,
    rank,
    reach,
    views,
    bucket
FROM selvedge.ranks{{local}}
WHERE scope = ''

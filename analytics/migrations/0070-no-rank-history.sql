-- What was in it is in selvedge.ranks, and of the last year in selvedge.site_rank.
DROP TABLE IF EXISTS selvedge.rank_history{{on_cluster}}

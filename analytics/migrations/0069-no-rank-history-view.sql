-- selvedge.site_rank has all that it filled.
DROP VIEW IF EXISTS selvedge.rank_history_view{{on_cluster}}

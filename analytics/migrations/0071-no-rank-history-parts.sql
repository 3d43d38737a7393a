-- On a cluster each server has a part of it; elsewhere it is gone already.
DROP TABLE IF EXISTS selvedge.rank_history{{local}}{{on_cluster}}

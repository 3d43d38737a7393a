-- Since 26.4 ClickHouse counts the distinct values of every column in each merge, for its planner: dear with as many
-- texts as the log has, and no question of ours needs it. They go by site, day and time, which its parts are sorted by.
ALTER TABLE selvedge.access_log{{local}}{{on_cluster}}
    MODIFY SETTING auto_statistics_types = ''

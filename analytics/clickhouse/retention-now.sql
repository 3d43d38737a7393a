-- The number of days that the table's TTL says; '' when it has none.
SELECT extract(engine_full, 'toIntervalDay\\(\\D*(\\d+)') AS days
FROM system.tables
WHERE database = 'selvedge' AND name = 'access_log'

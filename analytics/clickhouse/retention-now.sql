-- The number of days that the tables' TTL says; '' for one that has none.
SELECT DISTINCT extract(engine_full, 'toIntervalDay\\(\\D*(\\d+)') AS days
FROM system.tables
WHERE database = 'selvedge'
  AND name IN (
    'access_log{{local}}', 'site_hour{{local}}', 'site_host{{local}}', 'distribution_hour{{local}}',
    'site_detail_day{{local}}'
  )

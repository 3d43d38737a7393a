-- The order of columns is that of the values in event-line.ts; `segment-token` as in insert-access-log.sql.
INSERT INTO selvedge.billed_events (time, kind, id, node, distribution, quantity)
SETTINGS
    insert_deduplication_token = 'segment-token',
    async_insert = 0,
    distributed_foreground_insert = 1
FORMAT TabSeparated

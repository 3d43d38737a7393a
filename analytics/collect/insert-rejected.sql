-- `segment-token` as in insert-access-log.sql.
INSERT INTO selvedge.rejected (segment, line, reason)
SETTINGS
    insert_deduplication_token = 'segment-token',
    async_insert = 0,
    distributed_foreground_insert = 1
FORMAT TabSeparated

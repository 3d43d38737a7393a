-- A line of selvedge.log_deliveries; of several with one token only the first is there.
INSERT INTO selvedge.log_deliveries
    (distribution, hour, stored_after, stored_until, state, files, records, bytes)
SETTINGS
    insert_deduplication_token = {token:String},
    async_insert = 0,
    distributed_foreground_insert = 1
SELECT
    {distribution:String},
    toDateTime({hour:UInt32}, 'UTC'),
    toDateTime({after:UInt32}, 'UTC'),
    toDateTime({until:UInt32}, 'UTC'),
    {state:String},
    {files:UInt32},
    {records:UInt64},
    {bytes:UInt64}

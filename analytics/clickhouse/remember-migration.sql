INSERT INTO selvedge.migrations (name)
SETTINGS async_insert = 0, distributed_foreground_insert = 1
SELECT {name:String}

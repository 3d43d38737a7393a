INSERT INTO selvedge.migrations (name)
SETTINGS async_insert = 0
SELECT {name:String}

INSERT INTO selvedge.imports (file, name, state, lines, records, rejected)
SETTINGS async_insert = 0, distributed_foreground_insert = 1
SELECT {file:String}, {name:String}, {state:String}, {lines:UInt64}, {records:UInt64}, {rejected:UInt64}

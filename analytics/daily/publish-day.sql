-- From now on the computation holds for the day.
INSERT INTO selvedge.published_days (day, computation, records, formula)
SETTINGS async_insert = 0, distributed_foreground_insert = 1
SELECT {day:Date}, {computation:UUID}, {records:UInt64}, {formula:String}

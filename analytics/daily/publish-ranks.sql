-- From now on the computation holds for the day's rankings.
INSERT INTO selvedge.published_ranks (day, computation, inputs, formula)
SETTINGS async_insert = 0, distributed_foreground_insert = 1
SELECT {day:Date}, {computation:UUID}, {inputs:UInt64}, {formula:String}

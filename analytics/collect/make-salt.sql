-- The token lets in only the first of those that are made for a day on the same day.
INSERT INTO selvedge.salts (day, salt, made)
SETTINGS insert_deduplication_token = {token:String}, async_insert = 0, distributed_foreground_insert = 1
SELECT {day:Date}, {salt:String}, {today:Date}

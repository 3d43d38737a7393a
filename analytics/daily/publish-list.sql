-- Two programs that make it at once make the same; the token lets in one.
INSERT INTO selvedge.lists (id, day, configuration, inputs, sites, sha256, stability)
SETTINGS
    insert_deduplication_token = {id:String},
    async_insert = 0,
    distributed_foreground_insert = 1
SELECT
    {id:String}, {day:Date}, {configuration:String}, {inputs:Array(UUID)}, {sites:UInt32}, {sha256:String},
    {stability:String}

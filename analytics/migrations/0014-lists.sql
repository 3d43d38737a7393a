-- The stable lists: one a day, made once and never changed. Each is the 30 daily rankings that `inputs`
-- names put together by ranking/list-entries.sql, so that it can be made again, byte for byte; `sha256` is
-- of its CSV. `configuration` is all that it was made by, as JSON, and `id` its hash.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.lists{{local}}{{on_cluster}}
(
    id            String,
    day           Date,
    configuration String,
    inputs        Array(UUID),
    sites         UInt32,
    sha256        String,
    stability     String COMMENT 'How it differs from earlier lists, as JSON: ranking/stability.ts',
    made          DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = {{replicated}}MergeTree
ORDER BY (day, id)
SETTINGS
    {{remembered_inserts}} = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1

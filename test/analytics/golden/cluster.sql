-- Everything of ours. Atomic has to be said: the embedded engine's own default can do less.
CREATE DATABASE IF NOT EXISTS selvedge ON CLUSTER 'selvedge' ENGINE = Atomic
;

-- Which files of this folder were run.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.migrations_local ON CLUSTER 'selvedge'
(
    name String,
    at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = ReplicatedReplacingMergeTree
ORDER BY name
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.migrations ON CLUSTER 'selvedge'
AS selvedge.migrations_local
ENGINE = Distributed('selvedge', 'selvedge', 'migrations_local', 0)
;

-- One row per response to a viewer: the record of edge/log/record.ts, which says what each column
-- means, without addresses, and what the collector derives from it.
--
-- A segment is inserted with its name as the token, so that one sent again adds nothing; the window is
-- how many inserts back that is noticed. Its TTL is set at each start, from `retentionDays`.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.access_log_local ON CLUSTER 'selvedge'
(
    time                  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    node                  LowCardinality(String),
    request_id            String CODEC(ZSTD(1)),
    distribution          LowCardinality(String),
    host                  String CODEC(ZSTD(1)),
    site                  String CODEC(ZSTD(1)),
    method                LowCardinality(String),
    scheme                LowCardinality(String),
    protocol_version      LowCardinality(String),
    path                  String CODEC(ZSTD(1)),
    query                 String CODEC(ZSTD(1)),
    status                UInt16 CODEC(ZSTD(1)),
    bytes_sent            UInt64 CODEC(T64, ZSTD(1)),
    bytes_received        UInt64 CODEC(T64, ZSTD(1)),
    time_taken_us         UInt64 CODEC(T64, ZSTD(1)),
    time_to_first_byte_us UInt64 CODEC(T64, ZSTD(1)),
    origin_time_us        UInt64 CODEC(T64, ZSTD(1)),
    result_type           LowCardinality(String),
    detailed_result_type  LowCardinality(String),
    cache_status          String CODEC(ZSTD(1)),
    content_type          String CODEC(ZSTD(1)),
    content_length        Nullable(UInt64) CODEC(ZSTD(1)),
    range_start           Nullable(UInt64) CODEC(ZSTD(1)),
    range_end             Nullable(UInt64) CODEC(ZSTD(1)),
    network               String COMMENT 'Of the viewer: 192.0.2.0/24 or 2001:db8:1::/48' CODEC(ZSTD(1)),
    tls_protocol          LowCardinality(String),
    tls_cipher            LowCardinality(String),
    user_agent            String CODEC(ZSTD(1)),
    referer               String CODEC(ZSTD(1)),
    country               LowCardinality(String),
    asn                   UInt32 CODEC(ZSTD(1)),
    sec_fetch_dest        String CODEC(ZSTD(1)),
    sec_purpose           String CODEC(ZSTD(1)),
    visitor               UInt64 COMMENT 'Who it was, for one day: collect/visitor.ts' CODEC(ZSTD(1)),
    is_bot                Bool CODEC(ZSTD(1)),
    is_page_view          Bool COMMENT 'A person looked at a page: collect/page-view.ts' CODEC(ZSTD(1))
)
ENGINE = ReplicatedMergeTree
PARTITION BY toDate(time)
ORDER BY (site, time)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.access_log ON CLUSTER 'selvedge'
AS selvedge.access_log_local
ENGINE = Distributed('selvedge', 'selvedge', 'access_log_local', cityHash64(site))
;

-- Lines of segments that are no access-log record, each with the reason; addresses in them are gone.
--
-- Not partitioned: a segment sent again the day after has to meet the token it left here the first time.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.rejected_local ON CLUSTER 'selvedge'
(
    at      DateTime('UTC') DEFAULT now('UTC'),
    segment String CODEC(ZSTD(1)),
    line    String CODEC(ZSTD(1)),
    reason  String CODEC(ZSTD(1))
)
ENGINE = ReplicatedMergeTree
ORDER BY at
TTL at + INTERVAL 30 DAY
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.rejected ON CLUSTER 'selvedge'
AS selvedge.rejected_local
ENGINE = Distributed('selvedge', 'selvedge', 'rejected_local', 0)
;

-- The secret of each day's visitor ids; see collect/salts.ts. `made` is the day on which it was.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.salts_local ON CLUSTER 'selvedge'
(
    day  Date,
    salt String,
    made Date
)
ENGINE = ReplicatedMergeTree
ORDER BY day
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.salts ON CLUSTER 'selvedge'
AS selvedge.salts_local
ENGINE = Distributed('selvedge', 'selvedge', 'salts_local', 0)
;

-- What each hour (UTC) brought to a site from a country: filled by site_hour_view from every insert into
-- the log, and like the log it notices a segment that comes again. Days that are over are compared with
-- the log, and made anew where they differ: daily/hours.ts.
--
--   requests     every response, bots, errors and parts of pages too
--   page_views   by people, repeats too; visitors: who they were
--   bytes        sent, heads included
--
-- Kept as long as the log. Sites come first: a page about one site reads its days in one go.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_hour_local ON CLUSTER 'selvedge'
(
    site       String CODEC(ZSTD(1)),
    hour       DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    country    LowCardinality(String),
    requests   SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    page_views SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes      SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    visitors   AggregateFunction(uniq, UInt64) CODEC(ZSTD(1)),
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    last_seen  SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree
PARTITION BY toDate(hour)
ORDER BY (site, hour, country)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.site_hour ON CLUSTER 'selvedge'
AS selvedge.site_hour_local
ENGINE = Distributed('selvedge', 'selvedge', 'site_hour_local', cityHash64(site))
;

-- Adds to selvedge.site_hour what is inserted into the log. The same columns as in 0008 and in
-- daily/fill-hours.sql, which a test compares with this.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.site_hour_view ON CLUSTER 'selvedge'
TO selvedge.site_hour_local
AS SELECT
    site,
    toStartOfHour(time) AS hour,
    country,
    count() AS requests,
    countIf(is_page_view AND NOT is_bot) AS page_views,
    sum(bytes_sent) AS bytes,
    uniqStateIf(visitor, is_page_view AND NOT is_bot) AS visitors,
    min(time) AS first_seen,
    max(time) AS last_seen
FROM selvedge.access_log_local
GROUP BY site, hour, country
;

-- What the log had before the view was made. The order, one thread and the token let it be run again, also
-- after a kill half way, and by two programs at once: each block goes in once. What other programs insert
-- between the view and this would count twice until daily/hours.ts compares their day.
INSERT INTO selvedge.site_hour
SETTINGS
    insert_deduplication_token = 'fill-site-hour',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000
SELECT
    site,
    toStartOfHour(time) AS hour,
    country,
    count() AS requests,
    countIf(is_page_view AND NOT is_bot) AS page_views,
    sum(bytes_sent) AS bytes,
    uniqStateIf(visitor, is_page_view AND NOT is_bot) AS visitors,
    min(time) AS first_seen,
    max(time) AS last_seen
FROM selvedge.access_log
GROUP BY site, hour, country
ORDER BY toDate(hour), site, hour, country
;

-- What ranks are made of, of days that are over: the rows of ranking/daily-figures.sql, which says what
-- each column means. Kept for ever: a rank of long ago can be worked out again when the log is gone.
--
-- Rows belong to a computation, which is one run over one day. They count when selvedge.published_days
-- names it: nobody sees half of one, and late records make a new one instead of changing the old.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_day_local ON CLUSTER 'selvedge'
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    place       LowCardinality(String),
    site        String CODEC(ZSTD(1)),
    category    LowCardinality(String),
    reach       UInt64 CODEC(T64, ZSTD(1)),
    views       UInt64 CODEC(T64, ZSTD(1)),
    score       UInt64 CODEC(T64, ZSTD(1)),
    networks    Array(UInt64) CODEC(ZSTD(1)),
    uncapped    UInt64 CODEC(T64, ZSTD(1)),
    visitors    UInt64 CODEC(T64, ZSTD(1)),
    page_views  UInt64 CODEC(T64, ZSTD(1)),
    visits      UInt64 CODEC(T64, ZSTD(1)),
    bounces     UInt64 CODEC(T64, ZSTD(1)),
    seconds     UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (place, day, site)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.site_day ON CLUSTER 'selvedge'
AS selvedge.site_day_local
ENGINE = Distributed('selvedge', 'selvedge', 'site_day_local', cityHash64(site))
;

-- How many people there were at all, in each place on each day that is over: ranking/daily-totals.sql.
-- Computations as in selvedge.site_day.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.place_day_local ON CLUSTER 'selvedge'
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    place       LowCardinality(String),
    visitors    UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (place, day)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.place_day ON CLUSTER 'selvedge'
AS selvedge.place_day_local
ENGINE = Distributed('selvedge', 'selvedge', 'place_day_local', 0)
;

-- Which computation of a day holds: the last that was finished. `records` is how many the log had of the
-- day then (more of them later make it due again), `formula` what it was worked out by: ranking/formula.ts.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.published_days_local ON CLUSTER 'selvedge'
(
    day         Date,
    computation UUID,
    records     UInt64,
    formula     String,
    at          DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplicatedMergeTree
ORDER BY (day, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.published_days ON CLUSTER 'selvedge'
AS selvedge.published_days_local
ENGINE = Distributed('selvedge', 'selvedge', 'published_days_local', 0)
;

-- Rankings of the windows of 1, 7, 28 and 91 days that end with `day`: the rows of
-- ranking/ranked-sites.sql, which says what each column means. Kept for ever.
--
-- They count when selvedge.published_ranks names their computation, as in selvedge.site_day.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.ranks_local ON CLUSTER 'selvedge'
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    window_days UInt8 CODEC(ZSTD(1)),
    scope       LowCardinality(String),
    days        UInt8 CODEC(ZSTD(1)),
    rank        UInt32 CODEC(DoubleDelta, ZSTD(1)),
    score       UInt64 CODEC(T64, ZSTD(1)),
    site        String CODEC(ZSTD(1)),
    reach       UInt64 CODEC(T64, ZSTD(1)),
    views       UInt64 CODEC(T64, ZSTD(1)),
    bucket      UInt32 CODEC(T64, ZSTD(1)),
    INDEX sites site TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplicatedMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (scope, window_days, day, rank)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.ranks ON CLUSTER 'selvedge'
AS selvedge.ranks_local
ENGINE = Distributed('selvedge', 'selvedge', 'ranks_local', cityHash64(site))
;

-- Which computation of a day's rankings holds: the last that was finished. `inputs` is a hash of the days'
-- computations that it was made of; when they are others now, it is due again.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.published_ranks_local ON CLUSTER 'selvedge'
(
    day         Date,
    computation UUID,
    inputs      UInt64,
    formula     String,
    at          DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplicatedMergeTree
ORDER BY (day, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.published_ranks ON CLUSTER 'selvedge'
AS selvedge.published_ranks_local
ENGINE = Distributed('selvedge', 'selvedge', 'published_ranks_local', 0)
;

-- The stable lists: one a day, made once and never changed. Each is the 30 daily rankings that `inputs`
-- names put together by ranking/list-entries.sql, so that it can be made again, byte for byte; `sha256` is
-- of its CSV. `configuration` is all that it was made by, as JSON, and `id` its hash.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.lists_local ON CLUSTER 'selvedge'
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
ENGINE = ReplicatedMergeTree
ORDER BY (day, id)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.lists ON CLUSTER 'selvedge'
AS selvedge.lists_local
ENGINE = Distributed('selvedge', 'selvedge', 'lists_local', 0)
;

-- What each hour (UTC) brought to a distribution, by what CloudFront's reports tell apart: filled by
-- distribution_hour_view from every insert into the log; a segment that comes again adds nothing, as in
-- selvedge.site_hour. Days that are over are compared with the log: daily/hours.ts.
--
--   method          of those with a meaning of their own; `other` for the rest, which viewers make up
--   incomplete      GETs of which the viewer got less than was announced, or that broke off on the way
--   origin_time     of those the shield was asked for, µs to its response's head
--
-- Kept as long as the log.
-- Sharded by cityHash64(distribution).
CREATE TABLE IF NOT EXISTS selvedge.distribution_hour_local ON CLUSTER 'selvedge'
(
    distribution     LowCardinality(String),
    hour             DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    result_type      LowCardinality(String),
    status           UInt16 CODEC(T64, ZSTD(1)),
    method           LowCardinality(String),
    scheme           LowCardinality(String),
    protocol_version LowCardinality(String),
    tls_protocol     LowCardinality(String),
    country          LowCardinality(String),
    requests         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_sent       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_received   SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    incomplete       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    origin_time      AggregateFunction(quantilesTDigest(0.5, 0.9, 0.99), UInt64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree
PARTITION BY toDate(hour)
ORDER BY (distribution, hour, result_type, status, method, scheme, protocol_version, tls_protocol, country)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.distribution_hour ON CLUSTER 'selvedge'
AS selvedge.distribution_hour_local
ENGINE = Distributed('selvedge', 'selvedge', 'distribution_hour_local', cityHash64(distribution))
;

-- Adds to selvedge.distribution_hour what is inserted into the log. The same columns as in 0022 and in
-- daily/fill-distribution-hours.sql, which a test compares with this.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.distribution_hour_view ON CLUSTER 'selvedge'
TO selvedge.distribution_hour_local
AS SELECT
    distribution,
    toStartOfHour(time) AS hour,
    result_type,
    status,
    if(method IN ('GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'), method, 'other') AS method,
    scheme,
    protocol_version,
    tls_protocol,
    country,
    count() AS requests,
    sum(access_log.bytes_sent) AS bytes_sent,
    sum(access_log.bytes_received) AS bytes_received,
    countIf(
        access_log.method = 'GET'
        AND (status = 0 OR (status < 400 AND (result_type = 'Error' OR access_log.bytes_sent < content_length)))
    ) AS incomplete,
    quantilesTDigestStateIf(0.5, 0.9, 0.99)(origin_time_us, origin_time_us > 0) AS origin_time
FROM selvedge.access_log_local AS access_log
GROUP BY distribution, hour, result_type, status, method, scheme, protocol_version, tls_protocol, country
;

-- What the log had before the view was made, as in 0008.
INSERT INTO selvedge.distribution_hour
SETTINGS
    insert_deduplication_token = 'fill-distribution-hour',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000
SELECT
    distribution,
    toStartOfHour(time) AS hour,
    result_type,
    status,
    if(method IN ('GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'), method, 'other') AS method,
    scheme,
    protocol_version,
    tls_protocol,
    country,
    count() AS requests,
    sum(access_log.bytes_sent) AS bytes_sent,
    sum(access_log.bytes_received) AS bytes_received,
    countIf(
        access_log.method = 'GET'
        AND (status = 0 OR (status < 400 AND (result_type = 'Error' OR access_log.bytes_sent < content_length)))
    ) AS incomplete,
    quantilesTDigestStateIf(0.5, 0.9, 0.99)(origin_time_us, origin_time_us > 0) AS origin_time
FROM selvedge.access_log AS access_log
GROUP BY distribution, hour, result_type, status, method, scheme, protocol_version, tls_protocol, country
ORDER BY toDate(hour), distribution, hour, result_type, status, method, scheme, protocol_version, tls_protocol, country
;

-- When a row came into the log, by ClickHouse's clock: tells delivery which records of an hour are new. Rows of
-- before this have the time at which they are read or merged, and are of hours before any delivery began.
ALTER TABLE selvedge.access_log_local ON CLUSTER 'selvedge'
    ADD COLUMN IF NOT EXISTS stored_at DateTime('UTC') DEFAULT now('UTC') CODEC(Delta, ZSTD(1))
;

-- What was delivered of the access log: delivery/deliver.ts. A batch is what came in of one distribution and hour
-- in (stored_after, stored_until]; each begins where the one before ended. It is `planned` before its first file is
-- written and `delivered` when its last is, so that one that was interrupted is made again, the same. `started`
-- says with which hour the deliveries of a distribution began.
--
-- Plans are inserted with a token: of two programs that plan what follows, one does.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.log_deliveries_local ON CLUSTER 'selvedge'
(
    distribution String,
    hour         DateTime('UTC'),
    stored_after DateTime('UTC'),
    stored_until DateTime('UTC'),
    state        LowCardinality(String),
    files        UInt32,
    records      UInt64,
    bytes        UInt64,
    at           DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = ReplicatedMergeTree
ORDER BY (distribution, hour, stored_after)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.log_deliveries ON CLUSTER 'selvedge'
AS selvedge.log_deliveries_local
ENGINE = Distributed('selvedge', 'selvedge', 'log_deliveries_local', 0)
;

-- Log files that were imported (`npm run analytics -- import`), each by the SHA-256 of what is in it: `begun` at
-- each attempt, `finished` when all of it counts. Kept for ever, so that a file given again is known.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.imports_local ON CLUSTER 'selvedge'
(
    file     String,
    name     String,
    state    LowCardinality(String),
    lines    UInt64,
    records  UInt64,
    rejected UInt64,
    at       DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = ReplicatedMergeTree
ORDER BY file
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.imports ON CLUSTER 'selvedge'
AS selvedge.imports_local
ENGINE = Distributed('selvedge', 'selvedge', 'imports_local', 0)
;

-- What each hour (UTC) is billed for: filled by usage_hour_view from every insert into the log; a segment that
-- comes again adds nothing, as in selvedge.site_hour. Days that are over are compared with the log: daily/hours.ts.
--
--   country           of the viewer, '' when unknown: usage/regions.ts says which region is billed
--   is_tls            https and wss
--   is_read           GET and HEAD; all other methods are one class
--   requests          every response, bots, data centres and errors too
--   bytes_out         sent to viewers, heads included; bytes_in received from them
--   shield_requests   responses for which the shield was asked, and that did not share another's fetch
--
-- Imported records aren't here: others have answered them. Kept for ever: an invoice may be asked for when the log
-- is gone, so a day that the log doesn't have whole is never made anew.
-- Sharded by cityHash64(distribution).
CREATE TABLE IF NOT EXISTS selvedge.usage_hour_local ON CLUSTER 'selvedge'
(
    distribution    LowCardinality(String),
    hour            DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    country         LowCardinality(String),
    is_tls          Bool,
    is_read         Bool,
    requests        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_out       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_in        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    shield_requests SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree
PARTITION BY toDate(hour)
ORDER BY (distribution, hour, country, is_tls, is_read)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.usage_hour ON CLUSTER 'selvedge'
AS selvedge.usage_hour_local
ENGINE = Distributed('selvedge', 'selvedge', 'usage_hour_local', cityHash64(distribution))
;

-- Adds to selvedge.usage_hour what is inserted into the log. The same columns as in 0028 and in
-- daily/fill-usage-hours.sql, which a test compares with this.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.usage_hour_view ON CLUSTER 'selvedge'
TO selvedge.usage_hour_local
AS SELECT
    distribution,
    toStartOfHour(time) AS hour,
    country,
    scheme IN ('https', 'wss') AS is_tls,
    method IN ('GET', 'HEAD') AS is_read,
    count() AS requests,
    sum(bytes_sent) AS bytes_out,
    sum(bytes_received) AS bytes_in,
    countIf(origin_time_us > 0 AND position(cache_status, '; collapsed') = 0) AS shield_requests
FROM selvedge.access_log_local
WHERE node != 'import'
GROUP BY distribution, hour, country, is_tls, is_read
;

-- What the log had before the view was made, as in 0008.
INSERT INTO selvedge.usage_hour
SETTINGS
    insert_deduplication_token = 'fill-usage-hour',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000
SELECT
    distribution,
    toStartOfHour(time) AS hour,
    country,
    scheme IN ('https', 'wss') AS is_tls,
    method IN ('GET', 'HEAD') AS is_read,
    count() AS requests,
    sum(bytes_sent) AS bytes_out,
    sum(bytes_received) AS bytes_in,
    countIf(origin_time_us > 0 AND position(cache_status, '; collapsed') = 0) AS shield_requests
FROM selvedge.access_log
WHERE node != 'import'
GROUP BY distribution, hour, country, is_tls, is_read
ORDER BY toDate(hour), distribution, hour, country, is_tls, is_read
;

-- What is billed and is no response to a viewer: edge/log/billed-event.ts. It comes in the same segments as records.
--
--   kind       `invalidation`, whose quantity is paths and tags, or `render`, of one picture
--   id         of the invalidation or the render. Every edge tells of each invalidation, and again after a restart:
--              who reads takes each id once (usage/usage-of-month.sql), and merges leave one row of it
--   time       when it was asked for, the same in all rows of an id
--
-- Kept for ever, as selvedge.usage_hour.
-- Sharded by cityHash64(id).
CREATE TABLE IF NOT EXISTS selvedge.billed_events_local ON CLUSTER 'selvedge'
(
    time         DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    kind         LowCardinality(String),
    id           String CODEC(ZSTD(1)),
    node         LowCardinality(String),
    distribution LowCardinality(String),
    quantity     UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (kind, id)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.billed_events ON CLUSTER 'selvedge'
AS selvedge.billed_events_local
ENGINE = Distributed('selvedge', 'selvedge', 'billed_events_local', cityHash64(id))
;

-- Under which host names people opened pages of a site, and when first and last: says whose page a Referer names
-- without reading the log. Filled by site_host_view from every insert into the log; only minima and maxima, so
-- that it does no harm when a segment's rows come twice.
--
-- Kept as long as the log, from the last time on. Hosts come first: they are what is looked up.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_host_local ON CLUSTER 'selvedge'
(
    host       String CODEC(ZSTD(1)),
    site       String CODEC(ZSTD(1)),
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    last_seen  SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree
ORDER BY (host, site)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.site_host ON CLUSTER 'selvedge'
AS selvedge.site_host_local
ENGINE = Distributed('selvedge', 'selvedge', 'site_host_local', cityHash64(site))
;

-- Adds to selvedge.site_host what is inserted into the log. The same columns as in 0037. Hosts that nobody fronts
-- have no site, and names are compared as a browser writes them.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.site_host_view ON CLUSTER 'selvedge'
TO selvedge.site_host_local
AS SELECT
    lower(log.host) AS host,
    site,
    min(time) AS first_seen,
    max(time) AS last_seen
FROM selvedge.access_log_local AS log
WHERE site != '' AND is_page_view AND NOT is_bot
GROUP BY host, site
;

-- What the log had before the view was made; once more changes nothing.
INSERT INTO selvedge.site_host
SETTINGS
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_bytes_before_external_group_by = 500000000
SELECT
    lower(log.host) AS host,
    site,
    min(time) AS first_seen,
    max(time) AS last_seen
FROM selvedge.access_log AS log
WHERE site != '' AND is_page_view AND NOT is_bot
GROUP BY host, site
;

-- Where a day of selvedge.usage_hour is made anew, to take its place at once: nobody reads a statement with half a
-- day missing. The same columns and partitions, which REPLACE PARTITION needs.
-- Sharded by cityHash64(distribution).
CREATE TABLE IF NOT EXISTS selvedge.usage_hour_anew_local ON CLUSTER 'selvedge'
(
    distribution    LowCardinality(String),
    hour            DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    country         LowCardinality(String),
    is_tls          Bool,
    is_read         Bool,
    requests        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_out       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_in        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    shield_requests SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree
PARTITION BY toDate(hour)
ORDER BY (distribution, hour, country, is_tls, is_read)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.usage_hour_anew ON CLUSTER 'selvedge'
AS selvedge.usage_hour_anew_local
ENGINE = Distributed('selvedge', 'selvedge', 'usage_hour_anew_local', cityHash64(distribution))
;

-- Figures of days that have none published yet, today above all, as of an instant: the rows of
-- ranking/daily-figures.sql, which says what each column means. Worked out again and again while somebody asks
-- (so-far/so-far.ts), each time as a computation of its own, in a partition of its own that is soon dropped.
--
-- Nothing is lost with it, so that it needn't be on disk for certain. What a program that was killed left goes by
-- itself.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.figures_so_far_local ON CLUSTER 'selvedge'
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    place       LowCardinality(String),
    site        String CODEC(ZSTD(1)),
    category    LowCardinality(String),
    reach       UInt64 CODEC(T64, ZSTD(1)),
    views       UInt64 CODEC(T64, ZSTD(1)),
    score       UInt64 CODEC(T64, ZSTD(1)),
    networks    Array(UInt64) CODEC(ZSTD(1)),
    uncapped    UInt64 CODEC(T64, ZSTD(1)),
    page_views  UInt64 CODEC(T64, ZSTD(1)),
    visits      UInt64 CODEC(T64, ZSTD(1)),
    bounces     UInt64 CODEC(T64, ZSTD(1)),
    seconds     UInt64 CODEC(T64, ZSTD(1)),
    made        DateTime('UTC') DEFAULT now('UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = ReplicatedMergeTree
PARTITION BY computation
ORDER BY (place, site, day)
TTL made + toIntervalHour(1)
SETTINGS ttl_only_drop_parts = 1, merge_with_ttl_timeout = 3600
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.figures_so_far ON CLUSTER 'selvedge'
AS selvedge.figures_so_far_local
ENGINE = Distributed('selvedge', 'selvedge', 'figures_so_far_local', cityHash64(site))
;

-- Rankings of the windows that end with the newest day, as of an instant: the rows of ranking/ranked-sites.sql,
-- which says what each column means, made of selvedge.figures_so_far and kept as that is.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.ranks_so_far_local ON CLUSTER 'selvedge'
(
    computation UUID CODEC(ZSTD(1)),
    window_days UInt8 CODEC(ZSTD(1)),
    scope       LowCardinality(String),
    days        UInt8 CODEC(ZSTD(1)),
    rank        UInt32 CODEC(DoubleDelta, ZSTD(1)),
    score       UInt64 CODEC(T64, ZSTD(1)),
    site        String CODEC(ZSTD(1)),
    reach       UInt64 CODEC(T64, ZSTD(1)),
    views       UInt64 CODEC(T64, ZSTD(1)),
    bucket      UInt32 CODEC(T64, ZSTD(1)),
    made        DateTime('UTC') DEFAULT now('UTC') CODEC(Delta, ZSTD(1)),
    INDEX sites site TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplicatedMergeTree
PARTITION BY computation
ORDER BY (scope, window_days, rank)
TTL made + toIntervalHour(1)
SETTINGS ttl_only_drop_parts = 1, merge_with_ttl_timeout = 3600
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.ranks_so_far ON CLUSTER 'selvedge'
AS selvedge.ranks_so_far_local
ENGINE = Distributed('selvedge', 'selvedge', 'ranks_so_far_local', cityHash64(site))
;

-- What each day that is over brought to a site: in all, and by the host names that it was asked for under. The rows
-- of daily/close-traffic.sql, which says what each column means. Computations as in selvedge.site_day, and kept as
-- long; by month and site, so that what a page tells of a site's quarter is in a few parts next to each other.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.traffic_day_local ON CLUSTER 'selvedge'
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    site        String CODEC(ZSTD(1)),
    is_total    Bool,
    host        String CODEC(ZSTD(1)),
    requests    UInt64 CODEC(T64, ZSTD(1)),
    page_views  UInt64 CODEC(T64, ZSTD(1)),
    visitors    UInt64 CODEC(T64, ZSTD(1)),
    bytes       UInt64 CODEC(T64, ZSTD(1)),
    first_seen  DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    last_seen   DateTime64(3, 'UTC') CODEC(ZSTD(1))
)
ENGINE = ReplicatedMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (site, is_total, day, host)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 100,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.traffic_day ON CLUSTER 'selvedge'
AS selvedge.traffic_day_local
ENGINE = Distributed('selvedge', 'selvedge', 'traffic_day_local', cityHash64(site))
;

-- Of the days whose figures were published before there was this table, as far as the log has them; they belong to the
-- computations that hold. The order, one thread and the token let it be run again, as in 0008.
INSERT INTO selvedge.traffic_day
(
    computation, day, site, is_total, host, requests, page_views, visitors, bytes, first_seen, last_seen
)
SETTINGS
    insert_deduplication_token = 'fill-traffic-day',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000
SELECT
    computation, of_sites.day, site, is_total, host, requests, page_views, visitors, bytes, first_seen, last_seen
FROM (
    SELECT
        toDate(time) AS day,
        site,
        grouping(host) = 1 AS is_total,
        host,
        count() AS requests,
        countIf(is_page_view AND NOT is_bot) AS page_views,
        uniqExactIf(visitor, is_page_view AND NOT is_bot) AS visitors,
        sum(bytes_sent) AS bytes,
        min(time) AS first_seen,
        max(time) AS last_seen
    FROM selvedge.access_log
    WHERE site != ''
    GROUP BY GROUPING SETS ((day, site), (day, site, host))
) AS of_sites
INNER JOIN (
    SELECT day, argMax(computation, (at, computation)) AS computation
    FROM selvedge.published_days
    GROUP BY day
) AS published ON published.day = of_sites.day
ORDER BY day, site, is_total, host
;

-- Ranks among all sites once more, by site: what a page tells of one site's quarter is next to each other, which in
-- selvedge.ranks is spread over as many places as there are days. Filled by rank_history_view from every insert
-- there, and kept and forgotten with it.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.rank_history_local ON CLUSTER 'selvedge'
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    window_days UInt8 CODEC(ZSTD(1)),
    site        String CODEC(ZSTD(1)),
    days        UInt8 CODEC(ZSTD(1)),
    rank        UInt32 CODEC(ZSTD(1)),
    reach       UInt64 CODEC(T64, ZSTD(1)),
    views       UInt64 CODEC(T64, ZSTD(1)),
    bucket      UInt32 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (site, window_days, day)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 100,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.rank_history ON CLUSTER 'selvedge'
AS selvedge.rank_history_local
ENGINE = Distributed('selvedge', 'selvedge', 'rank_history_local', cityHash64(site))
;

-- Adds to selvedge.rank_history what is inserted into the ranks. The same columns as in 0046.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.rank_history_view ON CLUSTER 'selvedge'
TO selvedge.rank_history_local
AS SELECT
    computation,
    day,
    window_days,
    site,
    days,
    rank,
    reach,
    views,
    bucket
FROM selvedge.ranks_local
WHERE scope = ''
;

-- The ranks that there were before the view was made. What is in it twice for all that, is told once.
INSERT INTO selvedge.rank_history
SETTINGS
    insert_deduplication_token = 'fill-rank-history',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_sort = 500000000
SELECT
    computation,
    day,
    window_days,
    site,
    days,
    rank,
    reach,
    views,
    bucket
FROM selvedge.ranks
WHERE scope = ''
ORDER BY toYYYYMM(day), site, window_days, day, computation
;

-- What a site's front page says of it: title and contact, in its own words (front-page/). The newest of a site holds;
-- the others go when ClickHouse merges. Kept for a year after the last look.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_front_page_local ON CLUSTER 'selvedge'
(
    site        String,
    looked_at   DateTime('UTC'),
    url         String,
    title       String,
    description String,
    site_name   String,
    keywords    String,
    language    LowCardinality(String),
    encoding    LowCardinality(String),
    owner       String,
    email       String,
    email_from  LowCardinality(String),
    phone       String,
    contact_url String,
    street      String,
    city        String,
    region      String,
    postal_code String,
    country     String
)
ENGINE = ReplicatedReplacingMergeTree(looked_at)
ORDER BY site
TTL looked_at + toIntervalYear(1)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.site_front_page ON CLUSTER 'selvedge'
AS selvedge.site_front_page_local
ENGINE = Distributed('selvedge', 'selvedge', 'site_front_page_local', cityHash64(site))
;

-- What page views by people told of a site on each day that is over: the rows of ranking/daily-details.sql, which says
-- what each column means; daily/close-details.sql puts those of a site's day into an array. Computations as in
-- selvedge.site_day. Kept as long as the log: paths and referrers are in it.
--
-- What is asked of one site reads a few rows of each of many parts: granules are small, and a part's columns in one file.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_detail_day_local ON CLUSTER 'selvedge'
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    site        String CODEC(ZSTD(1)),
    details     Array(Tuple(
        kind Enum8(
            'page' = 1, 'referrer' = 2, 'device' = 3, 'browser' = 4, 'os' = 5, 'country' = 6, 'first_byte' = 7,
            'complete' = 8, 'origin' = 9
        ),
        host       String,
        name       String,
        page_views UInt64,
        visitors   UInt64
    )) CODEC(ZSTD(1))
)
ENGINE = ReplicatedMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (site, day)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 100,
    index_granularity = 512,
    min_bytes_for_wide_part = 10000000000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.site_detail_day ON CLUSTER 'selvedge'
AS selvedge.site_detail_day_local
ENGINE = Distributed('selvedge', 'selvedge', 'site_detail_day_local', cityHash64(site))
;

-- Since 26.4 ClickHouse counts the distinct values of every column in each merge, for its planner: dear with as many
-- texts as the log has, and no question of ours needs it. They go by site, day and time, which its parts are sorted by.
ALTER TABLE selvedge.access_log_local ON CLUSTER 'selvedge'
    MODIFY SETTING auto_statistics_types = ''
;

-- Rows of the log were written 2 or 3 times over by merges, which took more than putting them in did. Parts wait until
-- more of them can become one: there are half as many again of them, which questions that read the log hardly
-- notice, and most read what is derived.
ALTER TABLE selvedge.access_log_local ON CLUSTER 'selvedge'
    MODIFY SETTING merge_selector_base = 10
;

-- Page views of all sites together, as ranks count them, of each place on each day that is over: what a site's share is
-- of, without adding up selvedge.site_day each time. Filled by place_views_view from every insert there, and kept and
-- forgotten with it.
-- Sharded by 0.
CREATE TABLE IF NOT EXISTS selvedge.place_views_local ON CLUSTER 'selvedge'
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    place       LowCardinality(String),
    views       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (place, day, computation)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 100,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.place_views ON CLUSTER 'selvedge'
AS selvedge.place_views_local
ENGINE = Distributed('selvedge', 'selvedge', 'place_views_local', 0)
;

-- Adds to selvedge.place_views what is inserted into the figures. The same columns as in 0062.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.place_views_view ON CLUSTER 'selvedge'
TO selvedge.place_views_local
AS SELECT
    computation,
    day,
    place,
    sum(of_site.views) AS views
FROM selvedge.site_day_local AS of_site
GROUP BY computation, day, place
;

-- The figures that there were before the view was made: not those of computations that it has seen, which would count
-- twice. The order, one thread and the token let it be run again, as in 0008.
INSERT INTO selvedge.place_views
SETTINGS
    insert_deduplication_token = 'fill-place-views',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_group_by = 500000000,
    max_bytes_before_external_sort = 500000000
SELECT
    computation,
    day,
    place,
    sum(of_site.views) AS views
FROM selvedge.site_day AS of_site
WHERE computation GLOBAL NOT IN (SELECT DISTINCT computation FROM selvedge.place_views)
GROUP BY computation, day, place
ORDER BY toYYYYMM(day), place, day, computation
;

-- selvedge.traffic_day once more, so that what is told of one site lies in few places: its granules are small, a part's
-- columns are in one file, and a quarter's days are put together in one part (daily/merge-by-site.ts). Filled by
-- site_traffic_view from every insert there, and kept and forgotten with it.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_traffic_local ON CLUSTER 'selvedge'
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    site        String CODEC(ZSTD(1)),
    is_total    Bool,
    host        String CODEC(ZSTD(1)),
    requests    UInt64 CODEC(T64, ZSTD(1)),
    page_views  UInt64 CODEC(T64, ZSTD(1)),
    visitors    UInt64 CODEC(T64, ZSTD(1)),
    bytes       UInt64 CODEC(T64, ZSTD(1)),
    first_seen  DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    last_seen   DateTime64(3, 'UTC') CODEC(ZSTD(1))
)
ENGINE = ReplicatedMergeTree
PARTITION BY toStartOfQuarter(day)
ORDER BY (site, is_total, day, host)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 100,
    index_granularity = 512,
    min_bytes_for_wide_part = 10000000000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.site_traffic ON CLUSTER 'selvedge'
AS selvedge.site_traffic_local
ENGINE = Distributed('selvedge', 'selvedge', 'site_traffic_local', cityHash64(site))
;

-- Adds to selvedge.site_traffic what is inserted into selvedge.traffic_day. The same columns as in 0065.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.site_traffic_view ON CLUSTER 'selvedge'
TO selvedge.site_traffic_local
AS SELECT
    computation,
    day,
    site,
    is_total,
    host,
    requests,
    page_views,
    visitors,
    bytes,
    first_seen,
    last_seen
FROM selvedge.traffic_day_local
;

-- The days that there were before the view was made, but for computations that it has seen. See 0062.
INSERT INTO selvedge.site_traffic
SETTINGS
    insert_deduplication_token = 'fill-site-traffic',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_sort = 500000000
SELECT
    computation,
    day,
    site,
    is_total,
    host,
    requests,
    page_views,
    visitors,
    bytes,
    first_seen,
    last_seen
FROM selvedge.traffic_day
WHERE computation GLOBAL NOT IN (SELECT DISTINCT computation FROM selvedge.site_traffic)
ORDER BY toStartOfQuarter(day), site, is_total, day, host, computation
;

-- Ranks among all sites (scope ''), and by country, once more, by site: what is told of one lies in few places, as in
-- 0063. Filled by site_rank_view from every insert into selvedge.ranks, and kept and forgotten with it.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_rank_local ON CLUSTER 'selvedge'
(
    computation UUID CODEC(ZSTD(1)),
    day         Date CODEC(ZSTD(1)),
    window_days UInt8 CODEC(ZSTD(1)),
    scope       LowCardinality(String),
    site        String CODEC(ZSTD(1)),
    days        UInt8 CODEC(ZSTD(1)),
    rank        UInt32 CODEC(ZSTD(1)),
    reach       UInt64 CODEC(T64, ZSTD(1)),
    views       UInt64 CODEC(T64, ZSTD(1)),
    bucket      UInt32 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (site, window_days, scope, day)
SETTINGS
    replicated_deduplication_window_seconds = 604800,
    replicated_deduplication_window = 100,
    index_granularity = 512,
    min_bytes_for_wide_part = 10000000000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
;

-- All parts of a table, wherever they are: see layout.ts.
CREATE TABLE IF NOT EXISTS selvedge.site_rank ON CLUSTER 'selvedge'
AS selvedge.site_rank_local
ENGINE = Distributed('selvedge', 'selvedge', 'site_rank_local', cityHash64(site))
;

-- Adds to selvedge.site_rank what is inserted into the ranks. The same columns as in 0068.
CREATE MATERIALIZED VIEW IF NOT EXISTS selvedge.site_rank_view ON CLUSTER 'selvedge'
TO selvedge.site_rank_local
AS SELECT
    computation,
    day,
    window_days,
    scope,
    site,
    days,
    rank,
    reach,
    views,
    bucket
FROM selvedge.ranks_local
WHERE NOT startsWith(scope, 'category:')
;

-- The ranks that there were before the view was made, of the last year: nobody asks for a site's older ones. What is in
-- it twice for all that, is told once.
INSERT INTO selvedge.site_rank
SETTINGS
    insert_deduplication_token = 'fill-site-rank',
    async_insert = 0,
    distributed_foreground_insert = 1,
    max_threads = 1,
    max_partitions_per_insert_block = 0,
    max_bytes_before_external_sort = 500000000
SELECT
    computation,
    day,
    window_days,
    scope,
    site,
    days,
    rank,
    reach,
    views,
    bucket
FROM selvedge.ranks
WHERE NOT startsWith(scope, 'category:')
  AND day > (SELECT max(day) FROM selvedge.published_ranks) - 370
ORDER BY toYYYYMM(day), site, window_days, scope, day, computation
;

-- selvedge.site_rank has all that it filled.
DROP VIEW IF EXISTS selvedge.rank_history_view ON CLUSTER 'selvedge'
;

-- What was in it is in selvedge.ranks, and of the last year in selvedge.site_rank.
DROP TABLE IF EXISTS selvedge.rank_history ON CLUSTER 'selvedge'
;

-- On a cluster each server has a part of it; elsewhere it is gone already.
DROP TABLE IF EXISTS selvedge.rank_history_local ON CLUSTER 'selvedge'
;

-- 0023 gave the column to the parts of the log alone: on a cluster, delivery asked all of it for what it did not know.
-- Elsewhere it is there already.
ALTER TABLE selvedge.access_log ON CLUSTER 'selvedge'
    ADD COLUMN IF NOT EXISTS stored_at DateTime('UTC') DEFAULT now('UTC')
;

-- What a site's front page says of it: title and contact, in its own words (front-page/). The newest of a site holds;
-- the others go when ClickHouse merges. Kept for a year after the last look.
-- Sharded by cityHash64(site).
CREATE TABLE IF NOT EXISTS selvedge.site_front_page{{local}}{{on_cluster}}
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
ENGINE = {{replicated}}ReplacingMergeTree(looked_at)
ORDER BY site
TTL looked_at + toIntervalYear(1)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1

-- What a site's front page said when it was last looked at; no row when it never was.
SELECT
    formatDateTime(looked_at, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS lookedAt,
    url,
    title,
    description,
    site_name AS siteName,
    keywords,
    language,
    encoding,
    owner,
    email,
    email_from AS emailFrom,
    phone,
    contact_url AS contactUrl,
    street,
    city,
    region,
    postal_code AS postalCode,
    country
FROM selvedge.site_front_page AS page
WHERE site = {site:String}
ORDER BY page.looked_at DESC
LIMIT 1
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000

INSERT INTO selvedge.site_front_page
    (site, looked_at, url, title, description, site_name, keywords, language, encoding, owner, email, email_from, phone,
    contact_url, street, city, region, postal_code, country)
SETTINGS async_insert = 0, distributed_foreground_insert = 1
SELECT
    {site:String}, {lookedAt:DateTime}, {url:String}, {title:String}, {description:String}, {siteName:String},
    {keywords:String}, {language:String}, {encoding:String}, {owner:String}, {email:String}, {emailFrom:String},
    {phone:String}, {contactUrl:String}, {street:String}, {city:String}, {region:String}, {postalCode:String},
    {country:String}

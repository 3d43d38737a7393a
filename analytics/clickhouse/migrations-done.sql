SELECT DISTINCT name FROM selvedge.migrations

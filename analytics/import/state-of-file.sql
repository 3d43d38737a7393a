-- How often a file's import was begun, and whether it was finished.
SELECT
    countIf(state = 'begun') AS attempts,
    countIf(state = 'finished') > 0 AS isFinished,
    toString(maxIf(at, state = 'finished')) AS finishedAt
FROM selvedge.imports
WHERE file = {file:String}
SETTINGS max_execution_time = 60, output_format_json_quote_64bit_integers = 0

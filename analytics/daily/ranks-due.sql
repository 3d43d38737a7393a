-- Days whose rankings are not published, or were made of other figures than the days of their longest
-- window have now.
SELECT day, inputs
FROM (
    SELECT
        day,
        sipHash64(arraySort(groupArray(computation) OVER (
            ORDER BY day ASC RANGE BETWEEN 90 PRECEDING AND CURRENT ROW
        ))) AS inputs
    FROM (
        SELECT day, argMax(computation, (at, computation)) AS computation
        FROM selvedge.published_days
        GROUP BY day
    )
) AS figures
LEFT JOIN (
    SELECT day, argMax(inputs, (at, computation)) AS inputs_then
    FROM selvedge.published_ranks
    GROUP BY day
) AS published USING day
WHERE inputs != inputs_then
ORDER BY day
SETTINGS
    max_execution_time = 60,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 1

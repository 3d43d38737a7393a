-- How many sites have a rank in a window, as a computation of so-far/ has it.
SELECT count() AS sites
FROM selvedge.ranks_so_far
WHERE computation = {computation:UUID}
  AND scope = {scope:String}
  AND window_days = {windowDays:UInt8}
SETTINGS
    max_execution_time = 10,
    max_memory_usage = 1000000000,
    output_format_json_quote_64bit_integers = 0

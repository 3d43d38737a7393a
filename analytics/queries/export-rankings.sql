-- A whole ranking as a file. Whoever takes it may be slow, so there is more time than for others.
{{../ranking/published-ranking.sql}}
SETTINGS
    max_threads = 1,
    max_execution_time = 300,
    max_memory_usage = 1500000000,
    output_format_parquet_string_as_string = 1,
    output_format_parquet_compression_method = 'zstd'

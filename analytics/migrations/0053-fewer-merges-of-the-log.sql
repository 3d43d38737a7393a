-- Rows of the log were written 2 or 3 times over by merges, which took more than putting them in did. Parts wait until
-- more of them can become one: there are half as many again of them, which questions that read the log hardly
-- notice, and most read what is derived.
ALTER TABLE selvedge.access_log{{local}}{{on_cluster}}
    MODIFY SETTING merge_selector_base = 10
